import { afterAll, describe, expect, test } from 'vitest';
import { bodyNote, choose, choosePreset } from '#renderer/pages/newRun/choose';
import type { Draft } from '#renderer/pages/newRun/draft';
import { expandGrid } from '#renderer/pages/newRun/grid';
import { openFormApp } from './formApp.ts';

const { app, catalogue, first, close } = await openFormApp();
afterAll(close);

const complaintsOf = (draft: Draft): string[] => {
  const report = app.config.open(draft);
  return report.ok ? [] : report.errors.map(({ message }) => `${draft.task} on ${draft.model_name}: ${message}`);
};
const tasksAfter = (draft: Draft) => catalogue.tasks.map(({ name }) => choose(draft, 'task', name, catalogue));

describe('with choices alone, without typing', () => {
  test('every task can be trained, from a fresh form and after every other task', () => {
    const once = tasksAfter(first);
    expect([...once, ...once.flatMap(tasksAfter)].flatMap(complaintsOf)).toEqual([]);
  });

  test('every body that the form offers for a task can be trained on it', () => {
    const drafts = tasksAfter(first).flatMap((draft) =>
      catalogue.bodies
        .filter(({ tasks }) => tasks.includes(String(draft.task)))
        .map(({ name }) => choose(draft, 'model_name', name, catalogue)),
    );
    expect(drafts.flatMap(complaintsOf)).toEqual([]);
  });

  test('every published run that is offered can be trained, and every task after it', () => {
    const published = catalogue.presets
      .filter(({ whole, isPossible }) => whole && isPossible)
      .map((preset) => choosePreset(first, preset));
    expect(published.length).toBeGreaterThan(200);
    const next = published.filter((_, i) => i % 40 === 0).flatMap(tasksAfter);
    expect([...published, ...next].flatMap(complaintsOf)).toEqual([]);
  });

  test('a grid can hold every task beside every other', () => {
    const text = catalogue.tasks.map(({ name }) => name).join(', ');
    const drafts = expandGrid(first, [{ field: 'task', text }], catalogue);
    expect(drafts.map(({ task }) => task)).toEqual(catalogue.tasks.map(({ name }) => name));
    expect(drafts.flatMap(complaintsOf)).toEqual([]);
  });
});

describe('choosing a task', () => {
  const long = choose(first, 'task', 'listops', catalogue);

  test('takes the usual body again after a task that needed another, which nobody had chosen', () => {
    expect(long.model_name).not.toBe(first.model_name);
    const back = choose(long, 'task', 'bit-xor', catalogue);
    expect(back).toMatchObject({ model_name: first.model_name, pretrained: true });
    expect(bodyNote(long, back, [])).toMatch(/^The body is now permafrost-nano, the first here that can learn bit-xor/);
  });

  test('keeps a body that the user has chosen or scaled, if it can learn the task', () => {
    const chosen = choose(first, 'model_name', 'gpt2', catalogue);
    for (const edited of [['model_name'], ['pretrained'], ['n_layer']] as const) {
      const next = choose(chosen, 'task', 'bit-memory', catalogue, edited);
      expect(next.model_name).toBe('gpt2');
      expect(bodyNote(chosen, next, edited)).toBeNull();
    }
    expect(choose(chosen, 'task', 'bit-memory', catalogue).model_name).toBe(first.model_name);
  });

  test('says that it replaces a chosen body which cannot learn the task', () => {
    const next = choose(first, 'task', 'listops', catalogue, ['model_name']);
    expect(bodyNote(first, next, ['model_name'])).toBe(
      `The body is now ${next.model_name}, because permafrost-nano cannot learn listops with these settings.`,
    );
  });

  test('leaves a body random that the user has made random', () => {
    const random = { ...long, pretrained: false };
    const next = choose({ ...random, task: 'mnist' }, 'task', 'bit-xor', catalogue, []);
    expect(next.model_name).toBe(first.model_name);
    expect(choose(random, 'task', 'bit-xor', catalogue, ['pretrained']).pretrained).toBe(false);
  });
});

test('choosing a task keeps the fields that the user has edited', () => {
  const edited = choose({ ...first, n: 7, learning_rate: 0.5 }, 'task', 'digit-add', catalogue, ['n']);
  expect(edited).toMatchObject({ n: 7, learning_rate: 0.5, num_patterns: null });
  expect(choose(first, 'task', 'digit-add', catalogue)).toMatchObject({ n: 10 });
});
