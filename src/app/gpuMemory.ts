/** What a run takes of a graphics card, planned in a process of its own, beside what the cards of this machine have. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GpuMemory } from '#contract/catalogue';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { bytesText } from '#contract/format';
import { runtimeEnvironment } from '#trainer/environment';

/** Plans one config after the other: each takes a core for seconds. */
export function gpuPlanner(home: string, node = process.execPath): (config: ExperimentConfig) => Promise<GpuMemory> {
  const program = join(import.meta.dirname, '..', 'trainer', 'planGpu.ts');
  let last: Promise<unknown> = Promise.resolve();
  return (config) => {
    const planned = last.then(() => plan(config));
    last = planned.catch(() => {});
    return planned;
  };

  async function plan(config: ExperimentConfig): Promise<GpuMemory> {
    try {
      const { stdout } = await promisify(execFile)(node, [program, home, JSON.stringify(config)], {
        env: runtimeEnvironment(),
      });
      return withCards(JSON.parse(stdout) as GpuMemory, await cardBytes());
    } catch (cause) {
      throw new PermafrostError('device', 'internal: the plan for a graphics card failed.', { cause });
    }
  }
}

/** Says so where the run takes more than the largest card has. Cards whose memory is not known refuse nothing. */
export function withCards(memory: GpuMemory, cards: readonly number[]): GpuMemory {
  const largest = Math.max(0, ...cards);
  if (memory.bytes === null || largest === 0 || memory.bytes <= largest) return memory;
  const problem = `The run takes ${bytesText(memory.bytes)} on the graphics card, and no card here has more than ${bytesText(largest)}. Choose a smaller micro-batch or model, freeze the transformer, or choose another device.`;
  return { ...memory, problem };
}

async function cardBytes(): Promise<number[]> {
  const { graphics } = await import('systeminformation');
  const { controllers } = await graphics();
  return controllers.flatMap(({ memoryTotal }) => (memoryTotal === undefined ? [] : [memoryTotal * 2 ** 20]));
}
