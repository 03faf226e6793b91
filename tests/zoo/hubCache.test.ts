/** The environment of Hugging Face's programs, read as huggingface_hub 2.4 reads it (its constants.py, on Linux). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expandPath } from '#zoo/expandPath';
import { hubSettings } from '#zoo/hubCache';

const HOME = '/home/me';

describe('the cache of Hugging Face', () => {
  it.each([
    [{}, '/home/me/.cache/huggingface/hub'],
    [{ HF_HOME: '~/hf' }, '/home/me/hf/hub'],
    [{ HF_HOME: '~' }, '/home/me/hub'],
    [{ HF_HOME: '$HOME/hf' }, '/home/me/hf/hub'],
    [{ HF_HOME: `$\{HOME}/hf` }, '/home/me/hf/hub'],
    [{ HF_HOME: '$NOWHERE/hf' }, '$NOWHERE/hf/hub'],
    [{ HF_HOME: '$A/hf', A: '~/x' }, '/home/me/x/hf/hub'], // the default of HF_HUB_CACHE is expanded once more
    [{ HF_HOME: '$A/hf', A: '$HOME' }, '/home/me/hf/hub'],
    [{ HF_HOME: '/$constructor/hf' }, '/$constructor/hf/hub'],
    [{ HF_HOME: '/a~/hf' }, '/a~/hf/hub'],
    [{ HF_HOME: '~nobody-of-that-name/hf' }, '~nobody-of-that-name/hf/hub'],
    [{ HF_HUB_CACHE: '~/cache' }, '/home/me/cache'],
    [{ HUGGINGFACE_HUB_CACHE: '~/old' }, '/home/me/old'],
    [{ HUGGINGFACE_HUB_CACHE: '~/old', HF_HUB_CACHE: '$HOME/new' }, '/home/me/new'],
    [{ XDG_CACHE_HOME: '~/xdg' }, '/home/me/xdg/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/xdg', HF_HOME: '/hf' }, '/hf/hub'],
    [{ HOME: '/' }, '/.cache/huggingface/hub'],
    [{ HOME: '/', HF_HOME: '~' }, '/hub'],
    [{ HOME: '/home/me/', HF_HOME: '~/hf' }, '/home/me/hf/hub'],
  ] as [NodeJS.ProcessEnv, string][])('with %j is %s', (environment, cache) => {
    expect(hubSettings({ HOME, ...environment }).cache).toBe(cache);
  });

  it("without HOME is in the system's home folder", () => {
    expect(hubSettings({}).cache).toBe(join(homedir(), '.cache/huggingface/hub'));
  });

  it('on Windows uses its variables and the user’s folder', () => {
    const environment = { USERPROFILE: 'C:\\Users\\me', APPDATA: 'D:\\data' };
    const expand = (path: string) => expandPath(path, environment, 'win32');
    expect(['~\\hf', '~/hf', '%APPDATA%\\hf', '$APPDATA\\hf', '%NOWHERE%\\hf'].map(expand)).toEqual([
      ...['C:\\Users\\me\\hf', 'C:\\Users\\me/hf', 'D:\\data\\hf', 'D:\\data\\hf', '%NOWHERE%\\hf'],
    ]);
  });
});

describe('the token', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'permafrost-token-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const token = (environment: NodeJS.ProcessEnv) => hubSettings({ HOME: root, HF_HOME: root, ...environment }).token;

  it('has no line breaks, and an empty one counts as none', () => {
    writeFileSync(join(root, 'token'), ' kept\r\n');
    writeFileSync(join(root, 'other'), 'hf_\nother\n');
    expect(token({})).toBe('kept');
    expect(token({ HF_TOKEN: 'given\n' })).toBe('given');
    expect(token({ HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: 'older' })).toBe('older');
    expect(token({ HF_TOKEN: ' \n', HUGGING_FACE_HUB_TOKEN: 'older' })).toBe('kept');
    expect(token({ HF_TOKEN_PATH: '~/other' })).toBe('hf_other');
    expect(token({ HF_TOKEN_PATH: '~/nothing' })).toBeUndefined();
    expect(token({ HF_TOKEN: 'given', HF_HUB_DISABLE_IMPLICIT_TOKEN: 'ON' })).toBeUndefined();
  });
});

it.each([
  [{ HF_HUB_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: 'Yes' }, true],
  [{ HF_HUB_OFFLINE: 'on' }, true],
  [{ HF_HUB_OFFLINE: 'TRUE' }, true],
  [{ HF_HUB_OFFLINE: '2' }, false],
  [{ HF_HUB_OFFLINE: 'true ' }, false],
  [{ TRANSFORMERS_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: '', TRANSFORMERS_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' }, false],
] as [NodeJS.ProcessEnv, boolean][])('with %j fetching is off: %s', (environment, offline) => {
  expect(hubSettings(environment).offline).toBe(offline);
});

it('an endpoint loses its slashes at the end', () => {
  expect(hubSettings({ HF_ENDPOINT: 'http://mirror/hf//' }).endpoint).toBe('http://mirror/hf');
  expect(hubSettings({ HF_ENDPOINT: '' }).endpoint).toBe('https://huggingface.co');
});
