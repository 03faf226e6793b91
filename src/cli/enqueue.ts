/** Runs for configs: finished ones of the same config are taken as they are, resting ones go on, others start. */
import type { ExperimentConfig } from '#contract/config';
import type { Services } from '#contract/services';

/** A config and what its run is called on the screen. */
export interface Wanted {
  config: ExperimentConfig;
  label: string;
}

/** Ids of the runs of each group, their labels, and how many were finished already, which stderr is told. */
export function enqueue(app: Services, groups: Wanted[][], tag: string) {
  const sameConfig = (a: ExperimentConfig, b: ExperimentConfig) =>
    JSON.stringify({ ...a, name: '' }) === JSON.stringify({ ...b, name: '' });
  const known = app.list();
  const labels: Record<string, string> = {};
  let reused = 0;
  const ids = groups.map((group) =>
    group.map(({ config, label }) => {
      const found = known.filter((run) => sameConfig(run.config, config));
      const finished = found.find((run) => run.state === 'finished');
      const resting = found.find((run) => ['paused', 'crashed'].includes(run.state));
      if (finished) reused++;
      const run = finished ?? (resting ? app.resume(resting.id) : app.create(config, [tag]));
      labels[run.id] = label;
      return run.id;
    }),
  );
  if (reused > 0) {
    const are = reused === 1 ? ' is' : 's are';
    process.stderr.write(`${reused} finished run${are} reused: same settings, same seed.\n`);
  }
  return { ids, labels };
}
