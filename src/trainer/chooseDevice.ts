/** Which device a run should use where several work. */
import type { Device } from '#engine/device';
import type { Journal } from '#runFolder/journal';
import type { Learner } from './learner.ts';
import type { TrainingPlan } from './protocol.ts';

/** Steps that are timed, after one that warms up. */
const timedSteps = 3;

/**
 * The device on which steps of this very run take the least time; the numbers go to the log. A device that fails is
 * passed over, unless it is the last. Learners that were tried are released, and nothing of theirs is kept.
 */
export async function chooseDevice(
  devices: readonly Device[],
  compile: (device: Device) => Promise<Learner>,
  { totalSteps }: Pick<TrainingPlan, 'totalSteps'>,
  journal: Pick<Journal, 'log'>,
): Promise<Device> {
  if (devices.length === 1) return devices[0];
  let best: { device: Device; ms: number } | null = null;
  for (const device of devices) {
    try {
      const ms = await stepTime(await compile(device), totalSteps > 0);
      journal.log('info', `${device.name}: ${ms.toFixed(1)} ms a step.`);
      if (!best || ms < best.ms) best = { device, ms };
    } catch (error) {
      journal.log('warn', `${device.name} cannot run this config: ${(error as Error).message}`);
    }
  }
  return best?.device ?? devices[devices.length - 1];
}

/** Of a training step, or of a batch of the final evaluation where nothing is trained. */
async function stepTime(learner: Learner, trains: boolean): Promise<number> {
  const step = (i: number) => (trains ? learner.train(i) : learner.evaluate('final', i, 1));
  try {
    await step(0);
    const start = performance.now();
    for (let i = 1; i <= timedSteps; i++) await step(i);
    return (performance.now() - start) / timedSteps;
  } finally {
    await learner.release();
  }
}
