import { describe, expect, it } from 'vitest';
import { configFields, fieldMeta, parseConfig } from '#contract/config';
import { configFile, openConfig } from '#contract/configFile';
import { readSetting } from '#contract/readSetting';

/** As dl-project's files are, long and short. */
const long = {
  name: 'bit-xor-triple',
  params: {
    ...{
      task: 'bit-xor',
      n: 100,
      num_patterns: 3,
      patch_size: null,
      model_name: 'gpt2',
      pretrained: true,
      freeze_trans: true,
    },
    ...{ freeze_in: false, freeze_pos: true, freeze_ln: false, freeze_attn: true, freeze_ff: true, freeze_out: false },
    ...{
      in_layer_size: null,
      out_layer_size: null,
      learning_rate: 0.001,
      batch_size: 25,
      dropout: 0.1,
      orth_gain: 1.41,
    },
  },
  args: {
    ...{
      num_iters: 50,
      steps_per_iter: 100,
      test_steps_per_iter: 25,
      log_to_wandb: true,
      note: '',
      wandb_project: 'x',
      wandb_entity: 'y',
    },
    ...{ include_date: true, save_models: false, save_models_ever: 25, device: 'cuda', gpu_batch_size: 25 },
  },
};
const short = {
  name: 'cyp3a4-vit',
  params: { task: 'cyp3a4', model_name: 'ViT-B_16', batch_size: 16 },
  args: { num_iters: 500, steps_per_iter: 100 },
};

describe('settings that depend on each other', () => {
  it.each([
    [{ statistics_only: true, pretrained: false }, /^statistics_only needs pretrained weights/],
    [{ trained_attn_blocks: 1 }, /^trained_attn_blocks .* Set freeze_trans to true and freeze_attn to false/],
    [{ trained_attn_blocks: 1, freeze_attn: false, freeze_trans: false }, /^trained_attn_blocks /],
    [{ precision: 'mixed' }, /^precision mixed needs device webgpu, .* device is auto\. .* set precision to fp32\.$/],
    [{ precision: 'mixed', device: 'cuda' }, /^precision mixed needs device webgpu, .* device is cuda/],
  ])('%j is refused', (settings, message) => {
    expect(() => parseConfig({ task: 'mnist', ...settings })).toThrow(message);
  });
  it.each([
    { statistics_only: true, trained_attn_blocks: 1, freeze_attn: false, pretrained: true },
    ...['webgpu', 'webgpu:1', 'webgpu:2', 'webgpu:3'].map((device) => ({ precision: 'mixed', device })),
  ])('%j is accepted', (settings) => {
    expect(parseConfig({ task: 'mnist', ...settings })).toMatchObject(settings);
  });
});

describe('a dl-project file', () => {
  it('opens unchanged, with its settings but without its housekeeping fields', () => {
    const config = openConfig(long);
    expect(config).toMatchObject({
      name: 'bit-xor-triple',
      n: 100,
      num_patterns: 3,
      freeze_pos: true,
      num_iters: 50,
      device: 'auto',
    });
    expect(Object.keys(config).sort()).toEqual([...configFields].sort());
  });
  it('may omit fields or use null for the default', () => {
    expect(openConfig(short)).toMatchObject({
      ...{ task: 'cyp3a4', learning_rate: 0.001, dropout: 0.1, early_stop: 10, precision: 'fp32' },
    });
    expect(openConfig({ params: { task: 'mnist', learning_rate: null } }).learning_rate).toBe(0.001);
  });
  it('is written from a config, and opens as the same config', () => {
    const config = openConfig(long);
    const file = configFile(config);
    expect(Object.keys(file)).toEqual(['name', 'params', 'args']);
    expect(openConfig(JSON.parse(JSON.stringify(file)))).toEqual(config);
  });
});

describe('an error names the wrong field and a valid value', () => {
  it.each([
    [{ params: { task: 'mnist', learing_rate: 1 } }, /learing_rate: unknown field. Did you mean learning_rate\?/],
    [{ params: { task: 'mnist', dropout: 1.5 } }, /dropout: .*0\.95.*\(Input\/output dropout/],
    [{ params: { task: 'mnist', batch_size: 0 } }, /batch_size: .*1/],
    [{ params: { task: 'mnist', n: 'ten' } }, /n: .*number/],
    [{ params: { task: 'mnist' }, argz: {} }, /argz: a config file has only name, params and args/],
    [{ params: {} }, /task: /],
    [
      { params: { task: 'mnist', batch_size: 60 } },
      /batch_size 60 must be at most gpu_batch_size 25 or a multiple of it. Choose batch_size 75 or gpu_batch_size 60/,
    ],
    [[1, 2], /JSON object \{name, params, args\}; found an array/],
    [null, /found null/],
  ])('%j', (file, message) => {
    expect(() => openConfig(file)).toThrow(message);
  });
  it('all wrong fields at once', () => {
    expect(() => parseConfig({ task: 'mnist', dropout: -1, seed: 1.5, x: 1 })).toThrow(
      /dropout[\s\S]*seed[\s\S]*x: unknown field/,
    );
  });
});

it('every field has a label, a help text and a place in the file', () => {
  for (const field of configFields) {
    const { label, help, group, section } = fieldMeta(field);
    expect(
      [label, help, group].every((text) => text.length > 0),
      field,
    ).toBe(true);
    expect(['name', 'params', 'args']).toContain(section);
  }
});

it('a text field on the command line stays text, even if it looks like a number', () => {
  for (const text of ['2024', '1e3', 'true', 'null', '[1]', '{', '"'])
    expect(readSetting(`name=${text}`)).toEqual(['name', text]);
  expect(readSetting('name="20\\"24"')).toEqual(['name', '20"24']);
  expect(readSetting('model_name=none')).toEqual(['model_name', 'none']);
});

describe('an ambiguous number on the command line is refused with the right way to write it', () => {
  it.each([
    [
      'seed=1.000',
      /^seed: expected a whole number in digits; found "1\.000"\. Write 1000 without thousands separators/,
    ],
    ['batch_size=1,000', /Write 1000 without thousands separators/],
    ["final_test_samples=1'000'000", /Write 1000000 without thousands separators/],
    ['num_iters=1e3', /Write 1000\.$/],
    ['num_iters=0x10', /num_iters: expected a whole number in digits; found "0x10"\.$/],
    ['num_iters=', /found ""/],
    ['num_iters=Infinity', /whole number/],
    ['n=many', /n: expected a whole number in digits, or none; found "many"/],
    ['learning_rate=0,001', /expected a number; found "0,001"\. Write 0\.001 with a decimal point/],
    ['learning_rate=0x1', /expected a number/],
    ['learning_rate=', /expected a number/],
    ['pretrained=no', /pretrained: expected true or false; found "no"/],
    ['in_layer_sizes=[1.000]', /in_layer_sizes: expected a list such as \[64,32\], or none/],
    ['in_layer_sizes=64', /expected a list/],
  ])('%s', (text, message) => {
    expect(() => readSetting(text)).toThrow(message);
  });
  it('but fractions are accepted', () => {
    for (const text of ['1.000', '0.001', '.5', '1e-3', '+1'])
      expect(readSetting(`learning_rate=${text}`)).toEqual(['learning_rate', Number(text)]);
  });
});

it('settings on the command line are read by the type of their field', () => {
  expect(readSetting('learning_rate=1e-4')).toEqual(['learning_rate', 1e-4]);
  expect(readSetting('pretrained=false')).toEqual(['pretrained', false]);
  expect(readSetting('in_layer_sizes=[32,16]')).toEqual(['in_layer_sizes', [32, 16]]);
  expect(readSetting('in_layer_sizes=[]')).toEqual(['in_layer_sizes', []]);
  expect(readSetting('name=a=b')).toEqual(['name', 'a=b']);
  expect(readSetting('early_stop=none')).toEqual(['early_stop', null]);
  expect(readSetting('name=none')).toEqual(['name', 'none']);
  expect(() => readSetting('seed')).toThrow(/key=value, found "seed"/);
});
