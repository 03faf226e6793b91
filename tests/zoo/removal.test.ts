/** What removing a model or a data set takes away, and what it never does. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { belowOwner, removeBelow } from '#disk/removable';
import { openData } from '#zoo/data';
import type { Zoo } from '#zoo/zoo';
import { cifarFile } from '../formats/samples.ts';
import { writeFiles } from './archives.ts';
import { checkpointOf, goldenConfig, goldenWeights, openZooHome, tiny } from './zooHome.ts';

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
const models = (...path: string[]) => join(place.home, 'models', ...path);
/** Puts a checkpoint into the Hugging Face cache, as another program would. */
function putCached(repo: string, commit: string, bytes: Buffer): string {
  const folder = place.cache(`models--${repo.replace('/', '--')}`);
  writeFiles(folder, { 'refs/main': commit, [`snapshots/${commit}/model.safetensors`]: bytes });
  return folder;
}
const putAdded = (entries: object[]) => writeFiles(models(), { 'added.json': JSON.stringify(entries) });

describe('what is removed', () => {
  it('is inside the folder that owns it, after links are resolved', () => {
    const owner = join(place.root, 'owner');
    writeFiles(place.root, { 'owner/a/b': 'x', 'outside/x': 'x' });
    symlinkSync(join(place.root, 'outside'), join(owner, 'way'));
    symlinkSync(owner, join(place.root, 'alias'));
    const real = realpathSync(owner);
    expect(belowOwner({ owner, path: join(owner, 'a/b') })).toBe(join(real, 'a/b'));
    expect(belowOwner({ owner, path: join(place.root, 'alias/a') })).toBe(join(real, 'a'));
    expect(belowOwner({ owner: join(place.root, 'alias'), path: join(owner, 'a') })).toBe(join(real, 'a'));
    expect(belowOwner({ owner, path: join(owner, 'way') })).toBe(join(real, 'way')); // the link itself
    for (const path of [owner, `${owner}/a/..`, `${owner}/../outside`, join(owner, 'way/x'), place.root, '/'])
      expect(() => belowOwner({ owner, path }), path).toThrow(/outside .*, so it was not removed/);
  });

  it('is a link, never its target', async () => {
    writeFiles(place.root, { 'outside/x': 'x', 'owner/a': 'x' });
    const [owner, link] = [join(place.root, 'owner'), join(place.root, 'owner', 'link')];
    symlinkSync(join(place.root, 'outside'), link);
    await removeBelow({ owner, path: link });
    await removeBelow({ owner, path: join(owner, 'nothing', 'here') });
    expect(readdirSync(owner)).toEqual(['a']);
    expect(readdirSync(join(place.root, 'outside'))).toEqual(['x']);
  });
});

describe('removing a model', () => {
  it('named ../runs by an older list leaves the runs alone', async () => {
    writeFiles(place.home, { 'runs/mnist-abc/journal.jsonl': '{}' });
    const source = { kind: 'folder', folder: place.putModel('mine') };
    putAdded(['../runs', '../../outside', '.', ''].map((name) => ({ name, source, config: goldenConfig })));
    mkdirSync(join(place.root, 'outside'));
    for (const name of ['../runs', '../../outside', '.', ''])
      await expect(zoo.rm(name)).rejects.toMatchObject({ code: 'notFound' });
    expect(readdirSync(join(place.home, 'runs', 'mnist-abc'))).toEqual(['journal.jsonl']);
    expect(existsSync(join(place.root, 'outside'))).toBe(true);
  });

  it('added from a folder leaves the folder, even if it is the model’s folder in the home', async () => {
    const folder = place.putModel('home', 'models', 'mine');
    await zoo.add(folder);
    await zoo.rm('mine');
    await zoo.close();
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'pytorch_model.bin']);
  });

  it('whose folder is a link removes the link, and does not count its target', async () => {
    const outside = join(place.root, 'outside');
    writeFiles(outside, { 'model.safetensors': checkpointOf(tiny), 'other.bin.incomplete': 'half of something' });
    mkdirSync(models('sshleifer'), { recursive: true });
    symlinkSync(outside, models(tiny));
    expect(zoo.get(tiny).state).toBe('here');
    await zoo.cancel(tiny);
    expect(await zoo.rm(tiny)).toBe(0);
    await zoo.close();
    expect(existsSync(models(tiny))).toBe(false);
    expect(readdirSync(outside).sort()).toEqual(['model.safetensors', 'other.bin.incomplete']);
  });

  it('whose folder is outside the home, through a link, is refused', async () => {
    writeFiles(place.root, { 'outside/tiny-gpt2/model.safetensors': checkpointOf(tiny) });
    mkdirSync(models(), { recursive: true });
    symlinkSync(join(place.root, 'outside'), models('sshleifer'));
    await expect(zoo.rm(tiny)).rejects.toThrow(/leads to .*outside.*so it was not removed/);
    expect(existsSync(join(place.root, 'outside', 'tiny-gpt2', 'model.safetensors'))).toBe(true);
  });

  it('does not delete another program’s repository that has the name the user chose', async () => {
    const foreign = putCached('bert-base-uncased', 'd'.repeat(40), Buffer.from('weights of BERT'));
    const own = putCached('me/golden', 'b'.repeat(40), goldenWeights);
    const source = { kind: 'hub', repo: 'me/golden', revision: 'b'.repeat(40) };
    putAdded([{ name: 'bert-base-uncased', source, config: goldenConfig }]);
    await zoo.rm('bert-base-uncased');
    expect([existsSync(foreign), existsSync(own)]).toEqual([true, false]);
  });

  it('keeps files that another model of the zoo needs too', async () => {
    const folder = putCached(tiny, 'a'.repeat(40), checkpointOf(tiny));
    const source = { kind: 'hub', repo: tiny, revision: 'a'.repeat(40) };
    putAdded([{ name: 'my-tiny', source, config: { model_type: 'gpt2', ...goldenConfig } }]);
    await expect(zoo.rm(tiny)).rejects.toThrow(
      /sshleifer\/tiny-gpt2 shares its files with my-tiny\. Remove that first/,
    );
    await zoo.rm('my-tiny');
    expect(existsSync(folder)).toBe(true);
    await zoo.rm(tiny);
    expect(existsSync(folder)).toBe(false);
  });

  it('that runs need is refused with their names, and nothing moves', async () => {
    const folder = putCached(tiny, 'a'.repeat(40), checkpointOf(tiny));
    const runs = ['mnist-abc', 'mnist-def'];
    const used = place.openZoo({ usedBy: (name) => (name === tiny ? runs : []) });
    await expect(used.rm(tiny)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/is needed by 2 running or queued runs: mnist-abc, mnist-def\. Stop them first/),
    });
    expect(existsSync(folder)).toBe(true);
    expect(used.removed()).toEqual([]);
    runs.length = 0;
    expect(await used.rm(tiny)).toBeGreaterThan(0);
    await used.close();
  });
});

describe('removing a data set', () => {
  const archive = { 'data_batch_1.bin': cifarFile(new Uint8Array(3072), [1]) };
  const data = (usedBy?: (name: string) => string[]) => openData(place.home, { usedBy });

  it('that runs need is refused with their names, and so is replacing its link', async () => {
    writeFiles(join(place.root, 'own'), { 'basic_train.tsv': 'Source\tTarget\n' });
    mkdirSync(join(place.home, 'data'));
    symlinkSync(join(place.root, 'own'), join(place.home, 'data/listops'));
    const busy = data(() => ['listops-abc']);
    const refusal = /listops is needed by a running or queued run: listops-abc\. Stop it first, or wait/;
    await expect(busy.rm('listops')).rejects.toThrow(refusal);
    expect(busy.removed()).toEqual([]);
    await expect(busy.pull('listops', { from: place.root })).rejects.toThrow(refusal);
    expect(() => busy.startPull('listops', place.root)).toThrow(refusal);
  });

  it('keeps a hidden file that is not from a pull', async () => {
    writeFiles(join(place.home, 'data/cifar10'), { 'cifar-10-binary.tar.gz': 'x', '.notes': 'mine', '.DS_Store': '' });
    const { kept } = await data().rm('cifar10');
    expect(kept).toEqual([join(place.home, 'data/cifar10/.notes')]);
    expect(readFileSync(kept[0], 'utf8')).toBe('mine');
  });

  it('linked to its own folder again keeps the link that works', async () => {
    writeFiles(join(place.root, 'own', 'cifar-10-batches-bin'), archive);
    writeFiles(join(place.root, 'own'), { 'cifar-10-binary.tar.gz': 'x' });
    const folder = join(place.home, 'data/cifar10');
    mkdirSync(join(place.home, 'data'));
    symlinkSync(join(place.root, 'own'), folder);
    await data()
      .pull('cifar10', { from: folder })
      .catch(() => {}); // the archive is invalid; the test is about the link
    expect(realpathSync(folder)).toBe(realpathSync(join(place.root, 'own')));
    expect(lstatSync(folder).isSymbolicLink()).toBe(true);
  });

  it('that is generated is not linked to a folder that does not exist', async () => {
    await expect(data().pull('listops', { from: join(place.root, 'nowhere') })).rejects.toMatchObject({ code: 'data' });
    expect(existsSync(join(place.home, 'data'))).toBe(false);
  });
});
