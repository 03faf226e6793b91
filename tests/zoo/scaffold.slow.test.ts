import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { tsvRows } from '#formats/tsv';
import { mersenneTwister, shuffleLikePython } from '#zoo/mersenne';
import { scaffoldSplit } from '#zoo/scaffold';

it('random words and shuffles are the same as in CPython', () => {
  // python3 -c "import random; random.seed(0); print([random.getrandbits(32) for _ in range(4)])"
  const word = mersenneTwister(0);
  expect([word(), word(), word(), word()]).toEqual([3626764237, 1654615998, 3255389356, 3823568514]);
  // random.seed(0); l = list(range(10)); random.shuffle(l)
  const items = Array.from({ length: 10 }, (_, i) => i);
  shuffleLikePython(items, 0);
  expect(items).toEqual([7, 8, 1, 5, 3, 4, 2, 0, 9, 6]);
});

it.each([
  ['a chain decides nothing', 'CCCCc1ccccc1', 'c1ccccc1', true],
  ['nor does chirality', 'C[C@H](c1ccccc1)C1CC1', 'C[C@@H](c1ccccc1)C1CC1', true],
  ['nor the order in which it is written', 'c1ccc(Cc2ccncc2)cc1', 'n1ccc(Cc2ccccc2)cc1', true],
  ['a double bond at a ring belongs to the scaffold', 'O=C1CCCCC1', 'C1CCCCC1', false],
  ['a single bond does not', 'OC1CCCCC1', 'C1CCCCC1', true],
  ['the length of a linker counts', 'c1ccccc1CC1CC1', 'c1ccccc1CCC1CC1', false],
  ['and so does an aromatic bond', 'c1ccccc1', 'C1CCCCC1', false],
  ['molecules without rings share the empty scaffold', 'CCO', 'CCCCN', true],
  ['a substituted aromatic N becomes NH', 'Cn1cccc1', 'c1cc[nH]c1', true],
])('%s: %s and %s', async (_, a, b, same) => {
  // four copies of a and one of b: together they are one more than the four that fit into train
  const { train } = await scaffoldSplit([a, a, a, a, b]);
  expect(train.length === 0).toBe(same);
});

it('names the row of a text that is not a molecule', async () => {
  await expect(scaffoldSplit(['CCO', 'C1CC'])).rejects.toThrow(/Row 2: RDKit cannot read the molecule "C1CC"/);
});

it('the real table is split into the rows of the reference, in order', async () => {
  const file = readFileSync(join(import.meta.dirname, '../fixtures/cyp3a4/cyp3a4_veith.tab.gz'));
  const rows = [...tsvRows([gunzipSync(file)], ['Drug', 'Y'], 'cyp3a4_veith.tab')].map(({ cells }) => cells);
  const told: number[] = [];
  const split = await scaffoldSplit(
    rows.map(({ Drug }) => Drug),
    { onProgress: (done) => told.push(done) },
  );
  const digest = (rows: number[]) => createHash('sha256').update(rows.join(',')).digest('hex');
  expect([split.train.length, split.valid.length]).toEqual([9862, 2466]);
  expect(digest(split.train)).toBe('89b64915eb4f073c4ab5f1029d97d507936655ecaf7171e69f74ff5c38be1d83');
  expect(digest(split.valid)).toBe('883f4b4070a15886f17e6f57b29941e72cde3500934ab23d3b0ca3e9a7b401e0');
  expect(split.valid.filter((row) => rows[row].Y === '0').length).toBe(1486); // the published test counts
  expect(told.at(-1)).toBe(12328);
}, 600_000);
