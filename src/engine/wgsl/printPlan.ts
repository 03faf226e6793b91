/** A plan as text, for debugging: its dispatches in order, then the WGSL of each kernel once. */
import type { Plan } from './plan.ts';

export function printPlan({ dispatches, blocks }: Plan): string {
  const codes = [...new Set(dispatches.map(({ code }) => code))];
  const megabytes = (words: number) => `${((4 * words) / 2 ** 20).toFixed(1)} MB`;
  return [
    ...[...blocks].map(([name, words]) => `// block ${name}: ${megabytes(words)}`),
    ...dispatches.map(({ label, code, workgroups, blocks: used }, k) => {
      const names = used.map(({ block, writes }) => (writes ? `${block}*` : block));
      return `// ${k}: kernel ${codes.indexOf(code)} (${label}), ${workgroups.join(' × ')} workgroups, ${names.join(', ')}`;
    }),
    ...codes.map((code, k) => `\n// kernel ${k}\n${code}`),
    '',
  ].join('\n');
}
