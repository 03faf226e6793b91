/**
 * A Slurm cluster of one node with two cores, in a folder of its own, for the tests: munged, slurmctld and slurmd of this machine on
 * free ports. It needs root and the packages slurmctld, slurmd, slurm-client and munge.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'sinfo', 'scontrol'];
const paths = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', ...(process.env.PATH ?? '').split(':')];
const missing = programs.filter((name) => !paths.some((path) => existsSync(join(path, name))));

/** Why no cluster can be brought up here; null where it can. */
export const whyNoCluster: string | null =
  process.platform !== 'linux'
    ? 'Slurm needs Linux'
    : missing.length > 0
      ? `${missing.join(', ')} missing`
      : process.getuid?.() !== 0
        ? 'it needs root'
        : null;

export interface Cluster {
  /** Runs a command of Slurm and returns what it prints. */
  slurm(command: string, ...args: string[]): string;
  /** Ends the controller; {@link startController} brings it back with its jobs. */
  stopController(): Promise<void>;
  startController(): Promise<void>;
  drainNode(): void;
  resumeNode(): Promise<void>;
  /** Kills slurmd and its jobs as a power cut does, and has the controller give the node up; {@link startNode} brings it back. */
  killNode(): Promise<void>;
  startNode(): Promise<void>;
  /** Kills every job. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Brings up a cluster and makes it the one that this process and its children use. */
export async function openCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-slurm-'));
  chmodSync(folder, 0o755);
  for (const name of ['state', 'spool']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'munge.key'), randomBytes(1024), { mode: 0o400 });
  const node = hostname().split('.')[0];
  const [controllerPort, nodePort] = [await freePort(), await freePort()];
  const place = (name: string) => join(folder, name);
  writeFileSync(place('slurm.conf'), configuration({ place, node, controllerPort, nodePort }));
  process.env.SLURM_CONF = place('slurm.conf');
  process.env.PATH = [...new Set(paths)].join(':');

  const daemons = new Set<ChildProcess>();
  const daemon = (program: string, args: string[]): ChildProcess => {
    const child = spawn(program, args, { stdio: 'ignore' });
    daemons.add(child);
    child.once('exit', () => daemons.delete(child));
    return child;
  };
  const end = (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL') =>
    new Promise<void>((resolve) => {
      if (!daemons.has(child)) return resolve();
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  const slurm = (command: string, ...args: string[]) =>
    execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });
  process.once('exit', () => {
    for (const child of daemons) child.kill('SIGKILL');
  });

  daemon('munged', [
    ...['--foreground', '--force', `--socket=${place('munge.socket')}`, `--key-file=${place('munge.key')}`],
    ...[
      `--pid-file=${place('munged.pid')}`,
      `--log-file=${place('munged.log')}`,
      `--seed-file=${place('munged.seed')}`,
    ],
  ]);
  await until(() => existsSync(place('munge.socket')), 'munged');
  let controller = daemon('slurmctld', ['-D']);
  const startDaemonOfNode = () => daemon('slurmd', ['-D', '-N', node]);
  let daemonOfNode = startDaemonOfNode();
  const stateOfNode = () => slurm('sinfo', '-h', '-p', 'main', '-o', '%T').trim();
  await until(() => stateOfNode() === 'idle', 'the cluster');

  const clear = async () => {
    slurm('scancel', '--quiet', '--signal=KILL', '--full', '--name=permafrost', '--state=RUNNING');
    slurm('scancel', '--quiet', '--name=permafrost');
    await until(() => slurm('squeue', '-h') === '', 'the end of the jobs');
  };
  const update = (...changes: string[]) => void slurm('scontrol', 'update', `NodeName=${node}`, ...changes);
  // a controller that has just started may not know the node yet
  const resumeNode = () =>
    until(() => {
      if (/drain|down/.test(stateOfNode())) update('State=RESUME');
      return /^(idle|allocated|mixed)$/.test(stateOfNode());
    }, 'the node');
  return {
    slurm,
    drainNode: () => update('State=DRAIN', 'Reason=test'),
    resumeNode,
    async killNode() {
      let processes: number[] = [];
      await until(() => {
        processes = [...slurm('scontrol', 'listpids').matchAll(/^\d+/gm)].map(([pid]) => Number(pid));
        return processes.length > 0;
      }, 'a job on the node');
      for (const pid of processes) kill(parentOf(pid)); // slurmstepd, which would report how the job ended
      for (const pid of processes) kill(pid);
      await end(daemonOfNode);
      update('State=DOWN', 'Reason=test');
    },
    async startNode() {
      daemonOfNode = startDaemonOfNode();
      await resumeNode();
    },
    stopController: () => end(controller, 'SIGTERM'),
    async startController() {
      controller = daemon('slurmctld', ['-D']);
      await until(() => slurm('sinfo', '-h').length > 0, 'slurmctld');
    },
    clear,
    async close() {
      await clear().catch(() => {}); // the controller may be down
      await Promise.all([...daemons].map((child) => end(child)));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

interface Layout {
  place(name: string): string;
  node: string;
  controllerPort: number;
  nodePort: number;
}

const configuration = ({ place, node, controllerPort, nodePort }: Layout): string => `
ClusterName=permafrost
SlurmctldHost=${node}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
# cred_expire is also how long a requeued job is held back; 120 s by default
AuthInfo=socket=${place('munge.socket')},cred_expire=5
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
StateSaveLocation=${place('state')}
SlurmdSpoolDir=${place('spool')}
SlurmctldPidFile=${place('slurmctld.pid')}
SlurmdPidFile=${place('slurmd.pid')}
SlurmctldLogFile=${place('slurmctld.log')}
SlurmdLogFile=${place('slurmd.log')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
# looks at the memory of jobs once a second, and ends those that take too much
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
MpiDefault=none
SwitchType=switch/none
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=100000
ReturnToService=2
KillWait=10
MessageTimeout=5
SlurmdParameters=config_overrides
NodeName=${node} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000
PartitionName=main Nodes=${node} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=${node} MaxTime=INFINITE State=UP PriorityTier=2
`;

async function until(isTrue: () => boolean, what: string, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      if (isTrue()) return;
    } catch {
      // not up yet
    }
    if (Date.now() > end) throw new Error(`${what} did not come up in ${seconds} s`);
    await sleep(100);
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
