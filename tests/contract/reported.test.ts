import { expect, it } from 'vitest';
import { reported } from '#contract/reported';

it('gives what is said, the newest where several things were, and ends with the work', async () => {
  const seen: number[] = [];
  const work = reported<number>(async (report) => {
    report(1);
    await null;
    report(2);
    report(3);
    await new Promise((resolve) => setTimeout(resolve, 5));
    report(4);
  });
  for await (const progress of work) seen.push(progress);
  expect(seen.at(-1)).toBe(4);
  expect(seen).toContain(3);
  expect([...seen].sort()).toEqual(seen);
});

it('throws what the work throws, after what it said before', async () => {
  const seen: string[] = [];
  const read = async () => {
    for await (const progress of reported<string>(async (report) => {
      report('half');
      throw new Error('no more');
    }))
      seen.push(progress);
  };
  await expect(read()).rejects.toThrow('no more');
  expect(seen).toEqual(['half']);
});
