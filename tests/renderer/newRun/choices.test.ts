import { afterAll, describe, expect, test } from 'vitest';
import { randomStream } from '#contract/random';
import { brokenChoices, changesOf, choiceOf, choicesOf } from '#renderer/pages/newRun/choices';
import { choose, choosePreset } from '#renderer/pages/newRun/choose';
import { type Draft, schemaErrors } from '#renderer/pages/newRun/draft';
import { expandGrid } from '#renderer/pages/newRun/grid';
import { idleReason } from '#renderer/pages/newRun/idle';
import { openFormApp } from './formApp.ts';

const { app, catalogue, first, close } = await openFormApp();
afterAll(close);

const impossibleOn = (draft: Draft) => app.config.problems(draft, changesOf(draft, choicesOf(draft, catalogue)));
const on = (task: string, ...choices: [field: Parameters<typeof choose>[1], value: unknown][]): Draft =>
  choices.reduce(
    (draft, [field, value]) => choose(draft, field, value, catalogue),
    choose(first, 'task', task, catalogue),
  );

/** Walks of possible choices; each is checked at every step. */
const [walks, steps] = [8, 5];

describe('choices that the form offers', () => {
  test('lead from a fresh form and from published runs to configs that can be trained, in any order', () => {
    const random = randomStream(1, 'choices');
    const presets = catalogue.presets.filter(({ whole, isPossible }) => whole && isPossible);
    for (let walk = 0; walk < walks; walk++) {
      let draft = walk % 2 ? choosePreset(first, presets[random.below(presets.length)]) : first;
      for (let step = 0; step < steps; step++) {
        const impossible = impossibleOn(draft);
        const possible = Object.entries(choicesOf(draft, catalogue)).filter(([choice]) => !impossible[choice]);
        const fields = [...new Set(possible.map(([choice]) => choice.split('=')[0]))];
        const field = fields[random.below(fields.length)];
        const offered = possible.filter(([choice]) => choice.startsWith(`${field}=`));
        const [choice, next] = offered[random.below(offered.length)];
        expect(app.config.open(next), `${choice} on ${JSON.stringify(draft)}`).toMatchObject({ ok: true });
        draft = next;
      }
    }
  });

  test('include every task, variant and reading, and every body that learns the task', () => {
    for (const { name, fields } of catalogue.tasks) {
      const impossible = impossibleOn(on(name));
      const wrong = Object.keys(impossible).filter(
        (choice) => !/^(model_name|regime|pretrained|statistics_only)=/.test(choice),
      );
      expect(wrong, name).toEqual([]);
      for (const body of catalogue.bodies.filter(({ tasks }) => tasks.includes(name)))
        expect(impossible[choiceOf('model_name', body.name)], `${body.name} on ${name}, ${fields}`).toBeUndefined();
    }
  });
});

test('ListOps read as in the Long Range Arena on GPT-2 moves to a body that takes 2,000 tokens', () => {
  const gpt2 = on('listops', ['model_name', 'gpt2']);
  const long = choose(gpt2, 'reading', 'lra', catalogue);
  expect(app.config.open(long)).toMatchObject({ ok: true });
  expect(catalogue.bodies.find(({ name }) => name === long.model_name)!.positions).toBeGreaterThanOrEqual(2000);
  expect(impossibleOn(long)[choiceOf('model_name', 'gpt2')]).toMatch(
    /listops makes 2000 tokens, but gpt2 takes at most 1024/,
  );
  expect(choose(gpt2, 'reading', 'fpt', catalogue)).toEqual(gpt2);
});

test('the last part that is trained cannot be frozen', () => {
  const draft = on('bit-xor', ['freeze_in', true], ['freeze_ln', true]);
  expect(impossibleOn(draft)[choiceOf('freeze_out', true)]).toMatch(/^Everything is frozen/);
});

test('random weights take the statistics of pretrained ones back', () => {
  const draft = on('bit-xor', ['statistics_only', true], ['pretrained', false]);
  expect(draft).toMatchObject({ pretrained: false, statistics_only: false });
  expect(app.config.open(draft)).toMatchObject({ ok: true });
});

test('mixed precision is offered on a graphics card alone, and another device takes it back', () => {
  const mixedOnAny = { ...first, precision: 'mixed' };
  expect(idleReason('precision', first)).toMatch(/^“mixed” needs “Device” webgpu/);
  expect(idleReason('precision', mixedOnAny)).toBeUndefined(); // so that it can be changed
  expect(schemaErrors(mixedOnAny).precision).toMatch(/^precision mixed needs device webgpu/);
  const card = on('bit-xor', ['device', 'webgpu:1']);
  expect(idleReason('precision', card)).toBeUndefined();
  expect(impossibleOn(card)[choiceOf('precision', 'mixed')]).toBeUndefined();
  const mixed = choose(card, 'precision', 'mixed', catalogue);
  expect(app.config.open(mixed)).toMatchObject({
    ok: true,
    deviations: expect.arrayContaining([
      { field: 'precision', text: expect.stringMatching(/^Matrix products read 16-bit floats; the published runs /) },
    ]),
  });
  expect(choose(mixed, 'device', 'webgpu', catalogue)).toMatchObject({ device: 'webgpu', precision: 'mixed' });
  expect(choose(mixed, 'device', 'auto', catalogue)).toMatchObject({ device: 'auto', precision: 'fp32' });
});

test('precision mixed is not offered on a card without matrix units, and the reason is shown', () => {
  const why = 'Precision mixed needs matrix units. Choose precision fp32.';
  const card = { about: 'A card.', available: true, why: null, help: null, command: null, detail: null };
  const devices = [
    { name: 'webgpu', ...card, mixed: { available: false, why } },
    { name: 'webgpu:1', ...card, mixed: { available: true, why: null } },
  ];
  expect(brokenChoices(devices, 'webgpu')[choiceOf('precision', 'mixed')]).toBe(why);
  expect(brokenChoices(devices, 'webgpu:1')).not.toHaveProperty([choiceOf('precision', 'mixed')]);
  expect(brokenChoices(devices, 'cpu')[choiceOf('device', 'webgpu:2')]).toBe('This machine has no such device.');
});

test('a body without published weights cannot be pretrained', () => {
  const impossible = impossibleOn(on('mnist', ['model_name', 'ViT-L_16']));
  expect(impossible[choiceOf('pretrained', true)]).toMatch(/^pretrained: there are no weights of ViT-L_16 to fetch/);
  expect(impossible[choiceOf('regime', 'FPT')]).toMatch(/no weights of ViT-L_16/);
});

test('the runs of a grid are checked by the app, not only by their schema', () => {
  const [short, long] = expandGrid(
    { ...on('listops', ['model_name', 'gpt2']), n: 512 },
    [{ field: 'n', text: '512, 4000' }],
    catalogue,
  );
  const problems = app.config.problems(short, changesOf(short, { 0: short, 1: long }));
  expect(problems).toEqual({ 1: expect.stringMatching(/listops makes 4000 tokens, but gpt2 takes at most 1024/) });
});
