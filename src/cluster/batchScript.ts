/** The batch script of a submission: a job array with one task for each run. Pure. */

import type { ClusterSettings } from '#contract/cluster';
import { PermafrostError } from '#contract/errors';

export interface Submission {
  /** Number of runs; the tasks of the array are numbered from 0. */
  runs: number;
  /** Name of the submission, which the comment of its jobs contains, see {@link commentOf}. */
  batch: string;
  /** Permafrost home on the nodes. */
  home: string;
  /** Folder of Permafrost on the nodes. */
  program: string;
  /** Environment of the trainers. */
  environment: Readonly<Record<string, string>>;
  /** Folder on the nodes in which trainers look for shared libraries first. */
  libraries: string;
}

/** The signal that the app sends to a batch script whose run should pause or stop. */
export const askSignal = 'USR1';

export const requeuesSpent = 'the cluster setting requeues does not allow it to go on in another job';

/** Exit codes of the batch script itself, above those of the trainer, and their meaning. */
export const scriptExits: Readonly<Record<number, string>> = {
  71: 'the node does not see the run folder; check that its file system is mounted there',
  72: 'the node does not see Permafrost or its Node; check the cluster settings program and node, and the prologue',
  73: requeuesSpent,
};

export const commentOf = (batch: string): string => `permafrost:${batch}`;

/** Makes the batch script. Throws `config` if the setting `sbatch` repeats an option of the script. */
export function batchScript(
  settings: ClusterSettings,
  { runs, batch, home, program, environment, libraries }: Submission,
): string {
  const { partition, account, gres, cpus, memory, time, constraint, sbatch, prologue, node, tasks, grace } = settings;
  const given = (name: string, value: string) => (value ? [`--${name}=${value}`] : []);
  const options = [
    '--job-name=permafrost',
    `--comment=${commentOf(batch)}`,
    `--array=0-${runs - 1}${tasks > 0 ? `%${tasks}` : ''}`,
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    ...given('partition', partition),
    ...given('account', account),
    ...given('gres', gres),
    ...given('mem', memory),
    ...given('time', time),
    ...given('constraint', constraint),
    '--output=/dev/null',
    '--requeue',
    `--signal=B:USR2@${grace}`,
    ...furtherOptions(sbatch),
  ];
  const exports = { ...environment, PERMAFROST_HOME: home, PERMAFROST_WAIT: '90' };
  return `#!/bin/bash
${options.map((option) => `#SBATCH ${option}`).join('\n')}

home=${quoted(home)}
program=${quoted(program)}
run=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$home/cluster/${batch}/runs")
folder="$home/runs/$run"
[ -n "$run" ] && [ -f "$folder/config.json" ] || exit 71
exec >>"$folder/trainer.log" 2>&1
attempt=$(sed -n 's/.*"attempt":\\([0-9]*\\).*/\\1/p' "$folder/job.json")
[ $((\${SLURM_RESTART_COUNT:-0} + \${attempt:-0})) -le ${settings.requeues} ] || exit 73

# The trainer writes a checkpoint and ends at the first signal. A second one would end it at once, so only one is passed on.
why= signal= trainer=
leave() {
  [ -n "$why" ] && return
  why=$1 signal=$2
  pass
}
# A trainer that has just started would die of a signal: it is ready when it catches USR2, bit 11 of the mask. Before it is a
# trainer it is a copy of this shell, with its traps.
pass() {
  [ -n "$signal" ] && [ -n "$trainer" ] || return
  for ((tries = 0; tries < 300; tries++)); do
    if ! [ "/proc/$trainer/exe" -ef "/proc/$$/exe" ]; then
      caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$trainer/status" 2>/dev/null)
      ((16#\${caught:-800} >> 11 & 1)) && break
    fi
    sleep 0.1
  done
  kill -s "$signal" "$trainer"
  signal=
}
trap 'leave asked USR2' ${askSignal}
trap 'leave limit INT' USR2
trap 'leave cancelled INT' TERM

${Object.entries(exports)
  .map(([name, value]) => `export ${name}=${quoted(value)}`)
  .join('\n')}
export PERMAFROST_THREADS="\${SLURM_CPUS_PER_TASK:-${cpus}}"
${prologue.trim() ? `\n${prologue.trim()}\n` : ''}
export LD_LIBRARY_PATH=${quoted(libraries)}"\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
node=${node ? quoted(node) : '"$program/node_modules/.bin/node"'}
command -v "$node" >/dev/null || exit 72
[ -f "$program/src/trainer/main.ts" ] || exit 72

"$node" "$program/src/trainer/main.ts" "$folder" &
trainer=$!
pass # a signal may have come before
code=0
while :; do
  wait "$trainer"
  code=$?
  kill -0 "$trainer" 2>/dev/null || break
done
if [ "$why" = limit ] && ! tail -n 1 "$folder/journal.jsonl" | grep -qE '"state":"(finished|failed|stopped)"'; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && { sleep 60 & wait; } # until Slurm ends this job
fi
exit "$code"
`;
}

/** Options that the app sets itself, or with which it would lose sight of its jobs; and their letters. */
const own: Readonly<Record<string, string>> = {
  ...{ array: 'a', comment: '', 'job-name': 'J', output: 'o', signal: '', requeue: '', 'no-requeue': '', wrap: '' },
  ...{ parsable: '', clusters: 'M', wait: 'W' },
};
/** The same options in the environment, where sbatch lets them overrule the script. */
export const ownVariables = [
  ...['SBATCH_ARRAY_INX', 'SBATCH_JOB_NAME', 'SBATCH_OUTPUT', 'SBATCH_SIGNAL', 'SBATCH_REQUEUE', 'SBATCH_NO_REQUEUE'],
  ...['SBATCH_CLUSTERS', 'SLURM_CLUSTERS', 'SBATCH_WAIT'],
];

/** The option that a word names, as sbatch reads it: `-a0-3`, `--array=0-3`, or shortened, `--arr`. */
const ownIn = (word: string): string | undefined =>
  Object.entries(own).find(([name, letter]) => {
    const [, given] = /^--([a-z-]+)/.exec(word) ?? [];
    return given ? name.startsWith(given) : letter !== '' && word.startsWith(`-${letter}`);
  })?.[0];

function furtherOptions(text: string): string[] {
  const options = text
    .split('\n')
    .map((line) => line.trim().replace(/^#SBATCH\s+/, ''))
    .filter(Boolean);
  for (const option of options) {
    const name = option.split(/\s+/).map(ownIn).find(Boolean);
    if (name)
      throw new PermafrostError(
        'config',
        `The cluster setting sbatch has --${name} in "${option}", but Permafrost sets this option itself. Remove it.`,
      );
    if (!/^-{1,2}[A-Za-z]/.test(option))
      throw new PermafrostError(
        'config',
        `The cluster setting sbatch expects one option per line, such as --qos=low; found "${option}".`,
      );
  }
  return options;
}

/** Quotes a text as one word of the shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
