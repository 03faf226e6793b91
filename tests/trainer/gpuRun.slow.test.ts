/** Whole runs on a GPU with our own kernels, whose steps are read only now and then. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { difference } from '../engine/devices.ts';
import { gpuDevices } from '../parity/devices.ts';
import { endOf, finishRun, isKind, type Lab, metricsOf, openLab, overwrite, type Run, startTrainer } from './lab.ts';

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.remove());
afterEach(() => vi.unstubAllEnvs());

const losses = (run: Run): number[] =>
  metricsOf(run).flatMap((line) => (line.startsWith('train_loss ') ? [Number(line.split(' ')[2])] : []));
const short = { num_iters: 1, steps_per_iter: 12, final_test_samples: 8, test_steps_per_iter: 8 };
const onGpu = { ...short, device: 'webgpu' };

describe.skipIf(gpuDevices.length === 0)('a run on a GPU', () => {
  it('journals the figures of every step, in order, as a run on the CPU does', async () => {
    const [gpu, cpu] = [lab.addRun('gpu', onGpu), lab.addRun('cpu', { ...short, device: 'cpu' })];
    for (const run of [gpu, cpu]) expect((await finishRun(run)).code).toBe(0);
    const keys = (run: Run) => metricsOf(run).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(keys(gpu)).toEqual(keys(cpu));
    expect(losses(gpu)).toHaveLength(short.steps_per_iter);
    expect(difference(losses(gpu), losses(cpu))).toBeLessThan(1e-3);
  });

  it('names the step at which its loss stopped being a number, and keeps the checkpoint before', async () => {
    const run = lab.addRun('gpu-nan', { ...onGpu, steps_per_iter: 100_000, task: 'digit-add', num_patterns: null });
    const trainer = startTrainer(run);
    await trainer.entry(isKind('metrics'));
    trainer.child.send({ kind: 'pause' });
    await trainer.exit;
    const { state, step } = endOf(run);
    expect(state).toBe('paused');
    expect(losses(run)).toHaveLength(step); // including those that had not been read at the pause
    overwrite(run.files.checkpoint, 'out_net.0.bias', 3e38); // finite, but not its square
    const checkpoint = readFileSync(run.files.checkpoint);
    expect((await finishRun(run)).code).toBe(1);
    expect(endOf(run)).toMatchObject({ state: 'failed', step, reason: { code: 'nan' } });
    expect(endOf(run).reason?.message).toContain(`at step ${step + 1}.`);
    expect(losses(run)).toHaveLength(step);
    expect(readFileSync(run.files.checkpoint)).toEqual(checkpoint);
  });

  it('fails instead of computing in fp32 if it is mixed and ONNX Runtime would run its steps', async () => {
    vi.stubEnv('PERMAFROST_WEBGPU', 'onnx');
    const run = lab.addRun('gpu-mixed', { ...onGpu, precision: 'mixed' });
    expect((await finishRun(run)).code).toBe(1);
    expect(endOf(run)).toMatchObject({ state: 'failed', step: 0, reason: { code: 'device' } });
    expect(endOf(run).reason?.message).toMatch(
      /^Precision mixed needs Permafrost's own GPU kernels, .* is onnx\. Choose precision fp32\.$/,
    );
  });
});
