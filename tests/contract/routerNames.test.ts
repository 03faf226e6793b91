/** Names that the window sends: invalid ones are refused before they reach a service. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getTRPCErrorShape, TRPCError } from '@trpc/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { openConfig } from '#contract/configFile';
import { readValue } from '#contract/readSetting';
import { appRouter, createCaller } from '#contract/router';
import type { Services } from '#contract/services';

let home: string;
let app: Services;
let api: ReturnType<typeof createCaller>;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  app = await createApp({ home });
  api = createCaller({ services: app, drain: () => {} });
});
afterAll(async () => {
  await app.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});
/** The error that the window receives. */
async function told(promise: Promise<unknown>): Promise<{ message: string; data: { reason: string } }> {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(TRPCError);
  const rest = { type: 'mutation' as const, path: undefined, input: undefined, ctx: undefined };
  return getTRPCErrorShape({ config: appRouter._def._config, error, ...rest });
}

describe('a name that the window sends', () => {
  it.each(['../runs', '../../x', '', '__proto__', 'a\0b', 'x'.repeat(300)])(
    '%j is refused as a model to remove, fetch or add, and no folder is deleted',
    async (name) => {
      mkdirSync(join(home, 'mine'), { recursive: true });
      writeFileSync(join(home, 'mine', 'config.json'), '{"model_type":"gpt2"}');
      const calls = [
        api.zoo.rm({ name }),
        api.zoo.startPull({ name }),
        api.zoo.restore({ name }),
        api.zoo.verify({ name }),
        api.zoo.add({ source: join(home, 'mine'), name }),
      ];
      for (const call of calls)
        expect(await told(call)).toMatchObject({
          message: expect.stringMatching(/^name: ".*" is not a model name\. Expected NAME or ORG\/NAME/),
          data: { reason: 'config' },
        });
      expect(existsSync(join(home, 'runs'))).toBe(true);
    },
  );

  it('is refused as a data set, run, tag or revision when it is a path', async () => {
    const name = '../runs';
    const calls: [Promise<unknown>, RegExp][] = [
      [api.data.rm({ name }), /^name: "\.\.\/runs" is not a data set/],
      [api.data.startPull({ name }), /is not a data set/],
      [api.data.startPull({ name: 'mnist', from: 'a\0b' }), /^from: .* is not a path/],
      [api.runs.get({ id: name }), /^id: .* is not a run id/],
      [api.runs.trash({ ids: ['a', name] }), /^ids\.1: .* is not a run id/],
      [api.runs.tag({ id: 'a', add: ['two\nlines'] }), /^add\.0: "two\\nlines" is not a tag/],
      [api.zoo.add({ source: 'me/x', revision: name }), /^revision: .* is not a revision/],
    ];
    for (const [call, message] of calls) expect((await told(call)).message).toMatch(message);
    expect(readdirSync(home)).toContain('runs');
  });
});

it('a config names its body by a model name, and inherited properties are not fields', () => {
  expect(() => openConfig({ task: 'mnist', model_name: '../runs' })).toThrow(
    /model_name: "\.\.\/runs" is not a model name/,
  );
  expect(() => openConfig({ task: 'mnist', constructor: null })).toThrow(/constructor: unknown field/);
  expect(readValue('constructor', 'none')).toBe('none');
});
