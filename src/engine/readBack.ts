/**
 * Frozen values as a graph on a device sees them, mapped from their file by the runtime. The session that trains may
 * hold packed copies; no runtime exposes those.
 */
import type { Device } from './device.ts';
import type { Frozen, TensorData } from './program.ts';
import { createState } from './state.ts';
import { compileStep } from './step.ts';

/** Yields name and values, one tensor in memory at a time. */
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
