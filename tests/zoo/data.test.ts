import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { dataSamples, datasetInfo } from '#contract/data';
import { openData } from '#zoo/data';
import { smallTokenizer, writeFiles } from './archives.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-data-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const table = 'Drug_ID\tDrug\tY\n1\tCCO\t1\n2\tCCCCO\t0\n3\tc1ccccc1\t0\n4\tC1CC1\t1\n5\tC1CCC1\t1\n';
const putMolecules = () =>
  writeFiles(join(home, 'data/cyp3a4'), { 'cyp3a4_veith.tab': table, ...smallTokenizer(['C C']) });

it('data sets are listed with state, sizes, licence, and the tasks that learn from them', async () => {
  putMolecules();
  const list = await openData(home).list();
  for (const info of list) datasetInfo.parse(info);
  const rows = Object.fromEntries(list.map((info) => [info.name, info]));
  expect(rows.mnist).toMatchObject({ state: 'ready', tasks: ['mnist', 'mnist-add', 'mnist-add-reg'] });
  expect(rows.cifar10).toMatchObject({ state: 'absent', downloadBytes: 170_052_171, diskBytes: 0 });
  expect(rows.cyp3a4).toMatchObject({ state: 'present', licence: expect.stringMatching(/CC BY 4.0/) });
  expect(rows.listops).toMatchObject({ state: 'present', files: [] });
  await openData(home).pull('cyp3a4');
  expect((await openData(home).list()).find(({ name }) => name === 'cyp3a4')!.state).toBe('ready');
  rmSync(join(home, 'data/cyp3a4/vocab.json'));
  expect((await openData(home).list()).find(({ name }) => name === 'cyp3a4')!.state).toBe('partial');
});

it('samples are the model’s input, with their labels, and molecules as text', async () => {
  putMolecules();
  const data = openData(home);
  const images = await data.samples(parseConfig({ task: 'mnist', patch_size: 4 }), { count: 3 });
  dataSamples.parse(images);
  expect(images).toMatchObject({ kind: 'image', tokens: 49, width: 16 });
  expect(images.samples.map(({ x }) => x.length)).toEqual([784, 784, 784]);
  const molecules = await data.samples(parseConfig({ task: 'cyp3a4' }), { split: 'train', count: 2 });
  expect(molecules.kind).toBe('symbols');
  for (const { text, label, x } of molecules.samples) {
    expect(table).toContain(`\t${text}\t${label === 'inhibitor' ? 1 : 0}\n`);
    expect(x.length).toBe(molecules.tokens);
  }
  const bits = await data.samples(parseConfig({ task: 'bit-xor', n: 5, num_patterns: 2 }), { count: 1 });
  expect(bits).toMatchObject({ kind: 'values', tokens: 2, width: 5 });
  expect(bits.samples[0].y).toHaveLength(5);
});

it('floors come from the decoded data, or from published counts if the data are not here', async () => {
  const data = openData(home);
  const molecules = parseConfig({ task: 'cyp3a4' });
  expect((await data.floor(molecules))!.value).toBeCloseTo(1486 / 2466, 12);
  putMolecules();
  await data.pull('cyp3a4');
  const { valid } = await data.split('cyp3a4', join(home, 'data/cyp3a4/cyp3a4_veith.tab'));
  const labels = table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split('\t')[2]));
  const positive = valid.filter((row) => labels[row] === 1).length / valid.length;
  expect((await data.floor(molecules))!.value).toBeCloseTo(Math.max(positive, 1 - positive), 12);
  expect(await data.floor(parseConfig({ task: 'speech-commands', patch_size: 80 }))).toBeNull();
});

it('errors name the unknown data set, the wrong data set and the bad row', async () => {
  const data = openData(home);
  await expect(data.pull('cifar')).rejects.toThrow(/no data set "cifar". Did you mean cifar10\?/);
  await expect(data.split('mnist', 'x')).rejects.toThrow(/Only molecules are split by scaffold/);
  await expect(data.split('cyp3a4', join(home, 'none.tab'))).rejects.toThrow(/none.tab could not be read/);
  writeFileSync(join(home, 'bad.tab'), 'Drug\tY\nC1CC\t1\n');
  await expect(data.split('cyp3a4', join(home, 'bad.tab'))).rejects.toThrow(/Row 1: RDKit cannot read/);
});
