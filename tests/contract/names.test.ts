import { expect, it } from 'vitest';
import {
  checked,
  commit,
  datasetName,
  gitSha1,
  innerPath,
  localPath,
  modelName,
  repository,
  revision,
  runId,
  runTag,
  sha256Digest,
} from '#contract/names';
import { catalog } from '#zoo/catalog';
import { datasets } from '#zoo/datasets';

const long = 'x'.repeat(300);
/** Names that must not become a part of a path. */
const nowhere = [
  '',
  ' ',
  '.',
  '..',
  '../runs',
  '../../x',
  '/etc',
  '\\x',
  'C:\\x',
  'C:x',
  'a\0b',
  'a\nb',
  'a\x1b[2Jb',
  'a ',
  'a.',
  'ä',
  long,
];
const devices = ['nul', 'CON', 'aux.txt', 'com1', 'LPT9.bin'];

it.each([
  [
    'model name',
    modelName,
    ['gpt2', 'me/golden', 'ViT-B_16', 'a.b', '_x'],
    [
      ...devices,
      'me/nul',
      'a/b/c',
      'a--b',
      'a//b',
      '/a',
      'a/',
      '__proto__',
      'constructor',
      'toString',
      'added.json',
      'Added.json.new',
      '.permafrost-trash-1',
      `${'a'.repeat(97)}`,
    ],
  ],
  [
    'repository',
    repository,
    ['openai-community/gpt2', 'me/a.b-c_d'],
    [...devices, 'gpt2', 'a/b/c', 'me/..', '../x', 'me/x.git', 'a--b/c', 'con/x'],
  ],
  [
    'revision',
    revision,
    ['main', 'v1.0', 'refs/pr/2', 'a'.repeat(40), 'feature/x-1'],
    ['refs//x', '/main', 'main/', 'a/../b', 'main.lock', 'main@{1}', 'a b', 'refs/nul'],
  ],
  [
    'commit',
    commit,
    [`${'0123456789abcdef'.repeat(2)}01234567`],
    ['main', 'a'.repeat(39), 'A'.repeat(40), 'g'.repeat(40), `${'a'.repeat(40)}\n`],
  ],
  ['SHA-256', sha256Digest, ['a'.repeat(64)], ['a'.repeat(40), `../${'a'.repeat(61)}`]],
  ['SHA-1', gitSha1, ['a'.repeat(40)], ['a'.repeat(64)]],
  [
    'data set',
    datasetName,
    Object.keys(datasets),
    [...devices.filter((x) => x !== 'nul' && x !== 'com1'), 'a_b', 'a/b', '-a', 'A', '__proto__'],
  ],
  ['run id', runId, ['bit-xor-k3fw8a', 'a', 'mnist-', 'A_1.b'], [...devices, 'a/b', '-a', 'a..b']],
] as const)('a %s that would be another place or another thing is refused', (_, schema, good, bad) => {
  for (const text of good) expect(schema.safeParse(text).success, text).toBe(true);
  for (const text of [...nowhere, ...bad]) expect(schema.safeParse(text).success, JSON.stringify(text)).toBe(false);
});

it('every model and repository of the catalogue has a valid name', () => {
  for (const { name, aliases, source } of catalog) {
    for (const each of [name, ...aliases]) expect(checked(modelName, each)).toBe(each);
    if (source.kind === 'hub')
      expect(checked(revision, source.revision) && checked(repository, source.repo)).toBe(source.repo);
  }
});

it('a path inside a repository or an archive cannot lead out of it', () => {
  for (const path of ['config.json', 'onnx/model 1.onnx', 'yes/a_nohash_0.wav', '.gitattributes', 'Ünï/x'])
    expect(innerPath.safeParse(path).success, path).toBe(true);
  for (const path of [
    '',
    '/x',
    '../x',
    'a/../x',
    'a/..',
    './x',
    'a//b',
    'a/',
    'a\\..\\x',
    'C:x',
    'a\0',
    'a/nul',
    'a/x.',
    'a/x ',
    'x'.repeat(2000),
  ])
    expect(innerPath.safeParse(path).success, JSON.stringify(path)).toBe(false);
});

it('a tag has one line, and a local path has no null byte', () => {
  for (const text of ['good', 'q1-fpt/mnist', 'two words', 'zu groß'])
    expect(runTag.safeParse(text).success).toBe(true);
  for (const text of ['', ' ', ' a', 'a\nb', 'a\x1b[1m', 'x'.repeat(101)])
    expect(runTag.safeParse(text).success).toBe(false);
  expect(localPath.safeParse('/data/My models').success).toBe(true);
  for (const text of ['', 'a\0b', 'x'.repeat(5000)]) expect(localPath.safeParse(text).success).toBe(false);
});

it('the error for a name quotes it on one line, shortened, and says what was expected and what to do', () => {
  expect(() => checked(modelName, '../runs', 'Choose one: --name.')).toThrow(
    /^"\.\.\/runs" is not a model name\. Expected NAME or ORG\/NAME of letters, .* Choose one: --name\.$/,
  );
  expect(() => checked(modelName, 'a\x1b[2J\u202eb\u0085')).toThrow(
    /^"a\\u001b\[2J\\u202eb\\u0085" is not a model name/,
  );
  expect(() => checked(modelName, long)).toThrow(/^"x{80}…" is not a model name/);
});
