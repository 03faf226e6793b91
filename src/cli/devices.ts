import type { ClusterState } from '#contract/cluster';
import { type DeviceInfo, mixedWorks } from '#contract/devices';
import { alignColumns, type CommandRow, print, readApp } from './command.ts';

export const devicesCommand: CommandRow = {
  add(program) {
    program
      .command('devices')
      .description('try every device; for those that do not work, say why and what to do')
      .option('--json', 'print {"devices": […], "cluster": {…}}')
      .action(({ json }: { json?: boolean }) =>
        readApp(async (app) => {
          const found = await app.devices.list();
          const cluster = await app.cluster.state();
          print(json, { devices: found, cluster }, () => [...deviceLines(found), ...clusterLines(cluster)].join('\n'));
        }),
      );
  },
};

/** The devices as a table, then what to know about each. */
export function deviceLines(devices: readonly DeviceInfo[]): string[] {
  const rows = devices.map(({ name, available, about }) => [name, available ? 'works' : 'does not work', about]);
  const mixed = devices.flatMap(({ name, mixed }) => (mixed ? [`\n${name}: ${mixed.why ?? mixedWorks}`] : []));
  const reasons = devices
    .filter((d) => !d.available)
    .map(({ name, why, help, command }) => `\n${name}: ${why}\n  ${help}${command ? `\n    ${command}` : ''}`);
  const hasDetail = devices.some(({ detail }) => detail);
  return [
    alignColumns(['device', '', 'what it is'], rows),
    ...mixed,
    ...reasons,
    ...(hasDetail ? ['\npermafrost devices --json also shows the messages of the runtimes.'] : []),
  ];
}

function clusterLines({ problem, partitions, jobs }: ClusterState): string[] {
  if (problem) return [`\nslurm: ${problem}`];
  const nodes = partitions.map(({ name, availability, nodes, idleNodes, idleCpus, cpus, freeGpus, gpus }) => [
    ...[name, availability, `${idleNodes} of ${nodes}`, `${idleCpus} of ${cpus}`, `${freeGpus} of ${gpus}`],
  ]);
  const mine = jobs.map(({ id, state, tasks, nodes, reason }) => [id, String(tasks), state, nodes || reason]);
  return [
    `\n${alignColumns(['partition', '', 'idle nodes', 'idle cores', 'free GPUs'], nodes)}`,
    ...(mine.length > 0 ? [`\n${alignColumns(['job', 'runs', 'state', 'nodes, or why it waits'], mine)}`] : []),
  ];
}
