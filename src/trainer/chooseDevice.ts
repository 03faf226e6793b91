/** Chooses the fastest of several working devices for a run by timing it on each. */
import type { Device } from '#engine/device';
import type { Journal } from '#runFolder/journal';
import type { Learner, PendingReport } from './learner.ts';
import type { TrainingPlan } from './protocol.ts';

/** Number of timed steps, which follow one step of warm-up. */
const timedSteps = 3;

/**
 * Times a few steps of the run on every device, logs the times and returns the fastest device. Skips devices that fail; if all
 * fail, returns the last one. Releases every learner that it compiled.
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
      journal.log('info', `${device.name}: ${ms.toFixed(1)} ms per step.`);
      if (!best || ms < best.ms) best = { device, ms };
    } catch (error) {
      journal.log('warn', `${device.name} cannot run this config: ${(error as Error).message}`);
    }
  }
  return best?.device ?? devices[devices.length - 1];
}

/** Milliseconds per training step, or per batch of the final evaluation if nothing is trained. */
async function stepTime(learner: Learner, trains: boolean): Promise<number> {
  const run = async (first: number, count: number) => {
    if (!trains) return void (await learner.evaluate('final', first, count));
    const started: PendingReport[] = [];
    for (let i = first; i < first + count; i++) started.push(await learner.train(i));
    for (const step of started) await step.read();
  };
  try {
    await run(0, 1);
    const start = performance.now();
    await run(1, timedSteps);
    return (performance.now() - start) / timedSteps;
  } finally {
    await learner.release();
  }
}
