import { afterAll, describe, expect, test } from 'vitest';
import { choose, choosePreset } from '#renderer/pages/newRun/choose';
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

test('choosing a task keeps the fields that the user has edited', () => {
  const edited = choose({ ...first, n: 7, learning_rate: 0.5 }, 'task', 'digit-add', catalogue, ['n']);
  expect(edited).toMatchObject({ n: 7, learning_rate: 0.5, num_patterns: null });
  expect(choose(first, 'task', 'digit-add', catalogue)).toMatchObject({ n: 10 });
});
