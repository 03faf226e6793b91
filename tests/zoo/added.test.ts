/** Models that the user adds: valid names, and a damaged list of them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { knownBodies } from '#zoo/bodies';
import { findWeights } from '#zoo/weights';
import type { Zoo } from '#zoo/zoo';
import { goldenConfig, openZooHome } from './zooHome.ts';

let place: ReturnType<typeof openZooHome>;
let zoo: Zoo;
beforeEach(() => {
  place = openZooHome();
  zoo = place.openZoo();
});
afterEach(async () => {
  await zoo.close();
  place.close();
});
const list = () => join(place.home, 'models', 'added.json');
const entry = (name: string, more: object = {}) => ({
  name,
  source: { kind: 'folder', folder: place.putModel('mine') },
  config: goldenConfig,
  ...more,
});
function putList(content: string | object[]): void {
  mkdirSync(dirname(list()), { recursive: true });
  writeFileSync(list(), typeof content === 'string' ? content : JSON.stringify(content));
}

describe('the name of an added model', () => {
  it.each([
    '../runs',
    '../../outside',
    '..',
    '.',
    '/etc',
    '',
    'a\0b',
    'a\x1b[2J',
    'x'.repeat(300),
    '__proto__',
    'constructor',
    'nul',
    'a.',
    'a ',
    'added.json',
    'a--b',
  ])('%j is refused with what a name is, and nothing is written', async (name) => {
    await expect(zoo.add(place.putModel('mine'), { name })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(/is not a model name\. Expected NAME or ORG\/NAME.*--name/),
    });
    expect(readdirSync(place.home)).toEqual([]);
    expect(zoo.list().length).toBeGreaterThan(0);
  });

  it("is required where the folder's name is not valid", async () => {
    await expect(zoo.add(place.putModel('My model'))).rejects.toThrow(/"My model" is not a model name.*--name/);
    await expect(zoo.add(place.putModel('My model'), { name: 'my-model' })).resolves.toMatchObject({ state: 'here' });
  });

  it.each([
    ['GPT2', /gpt2/],
    ['OpenAI-Community/GPT2', /openai-community\/gpt2/],
    ['google', /google\/vit-base-patch16-224-in21k/],
    ['gpt2/x', /gpt2/],
  ])('%s is refused, since its folder would be that of a known model', async (name, other) => {
    await expect(zoo.add(place.putModel('mine'), { name })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(other),
    });
  });

  it('is looked up as a name alone, whatever a config or a caller asks for', () => {
    place.putModel('outside');
    place.putModel('home', 'runs');
    for (const name of ['../runs', '../../outside', 'constructor', '__proto__', 'toString']) {
      expect(findWeights(place.home, name, place.environment)).toBeNull();
      expect(() => zoo.get(name)).toThrow(/There is no model/);
    }
  });
});

describe('a list of added models that somebody damaged', () => {
  it('is read without its bad entry, which is named and kept when another model is added', async () => {
    const bad: [object, RegExp][] = [
      [entry(''), /entry 1 \(""\): name: "" is not a model name/],
      [entry('../runs'), /entry 2 \("\.\.\/runs"\): name: "\.\.\/runs" is not a model name/],
      [{ name: 'no-source', config: {} }, /entry 3 \("no-source"\): source: /],
      [entry('neo', { config: { model_type: 'gpt_neo' } }), /entry 4 \("neo"\): .*its architecture is gpt_neo/],
      [
        entry('hub', { source: { kind: 'hub', repo: '../x', revision: 'main' } }),
        /entry 5 .*source\.repo: "\.\.\/x" is no/,
      ],
      [
        entry('ref', { source: { kind: 'hub', repo: 'me/x', revision: '../x' } }),
        /entry 6 .*source\.revision: "\.\.\/x"/,
      ],
      [entry('gpt2'), /entry 7 \("gpt2"\): The zoo already has .*gpt2/],
      [null as unknown as object, /entry 8: /],
    ];
    putList([...bad.map(([each]) => each), entry('good')]);
    expect(zoo.get('good')).toMatchObject({ origin: 'added', state: 'here' });
    const warnings = zoo.warnings();
    expect(warnings).toHaveLength(bad.length);
    for (const [i, [, message]] of bad.entries()) expect(warnings[i]).toMatch(message);
    expect(warnings[0]).toContain(list());
    expect(knownBodies(place.home).good.body.title).toBe('GPT-2');
    expect(() => zoo.get('neo')).toThrow(/no model "neo" in the zoo.*entry 4 \("neo"\)/s);
    await zoo.add(place.putModel('other'));
    await zoo.rm('good');
    const kept = JSON.parse(readFileSync(list(), 'utf8'));
    expect(kept).toHaveLength(bad.length + 1);
    expect(zoo.warnings()).toHaveLength(bad.length);
  });

  it.each(['', '{', '{}', '"x"', '[1'])(
    'that is %j hides no other model, and nothing overwrites it',
    async (content) => {
      putList(content);
      expect(zoo.get('permafrost-nano').state).toBe('here');
      expect(zoo.warnings()).toEqual([expect.stringMatching(/added\.json .*fix or delete it/)]);
      await expect(zoo.add(place.putModel('mine'))).rejects.toMatchObject({ code: 'config' });
      expect(readFileSync(list(), 'utf8')).toBe(content);
    },
  );
});
