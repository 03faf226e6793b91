import { expect, it } from 'vitest';
import { nameOfGpu, namesInComplaint } from '#trainer/gpu';

it('reads the names of the graphics cards from the complaint of Dawn', () => {
  const complaint = [
    'no suitable backends found',
    'Available adapters:',
    " * backend: 'vulkan', name: 'NVIDIA H100 PCIe'",
    " * backend: 'vulkan', name: 'AMD Radeon 'Pro' W7900'",
  ].join('\n');
  expect(namesInComplaint(complaint)).toEqual(['NVIDIA H100 PCIe', "AMD Radeon 'Pro' W7900"]);
  expect(namesInComplaint('no')).toEqual([]);
});

it('a card whose name an earlier one has too, or as a part of its own, cannot be chosen', () => {
  const names = ['NVIDIA H100 PCIe', 'AMD W7900', 'NVIDIA H100', 'AMD W7900'];
  expect([0, 1].map((card) => nameOfGpu(card, names))).toEqual(names.slice(0, 2));
  expect(() => nameOfGpu(2, names)).toThrow(/^Graphics card 2 cannot be told from one before it: 0 NVIDIA H100 PCIe, /);
  expect(() => nameOfGpu(3, names)).toThrow(/^Graphics card 3 cannot be told/);
  expect(() => nameOfGpu(4, names)).toThrow(
    'There is no graphics card 4 here; WebGPU finds: 0 NVIDIA H100 PCIe, 1 AMD',
  );
  expect(() => nameOfGpu(1, [])).toThrow('WebGPU finds: none.');
});
