import { expect, it } from 'vitest';
import { deviceLines } from '#cli/devices';
import { mixedWorks } from '#contract/devices';

const working = { available: true, why: null, help: null, command: null, detail: null };

it('lists whether a graphics card computes with precision mixed, and if not, why', () => {
  const lack = 'Precision mixed needs matrix units. Choose precision fp32.';
  const text = deviceLines([
    { name: 'cpu', about: 'The processor.', ...working, mixed: null },
    { name: 'webgpu', about: 'A card.', ...working, mixed: { available: true, why: null } },
    { name: 'webgpu:1', about: 'Another.', ...working, mixed: { available: false, why: lack } },
  ]).join('\n');
  expect(text).toContain(`\n\nwebgpu: ${mixedWorks}\n\nwebgpu:1: ${lack}`);
  expect(text).not.toContain('cpu:');
});
