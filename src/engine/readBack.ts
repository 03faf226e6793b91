/**
 * Reads frozen values through a graph on the device, which the runtime maps from their file. The training session may use
 * packed copies instead, but no runtime exposes them.
 */
import type { Device } from './device.ts';
import type { Frozen, TensorData } from './program.ts';
import { createState } from './state.ts';
import { compileStep } from './step.ts';

/** Yields the name and values of each tensor, with one tensor in memory at a time. */
export async function* readBack(
  frozen: Record<string, Frozen>,
  device: Device,
): AsyncGenerator<[name: string, data: TensorData]> {
  for (const [name, value] of Object.entries(frozen)) {
    const step = await compileStep(({ frozen }) => ({ outputs: { value: frozen.value } }), {
      ...{ state: createState({}), inputs: {}, device },
      frozen: { value },
    });
    try {
      yield [name, (await step.run({})).value];
    } finally {
      await step.release();
    }
  }
}
