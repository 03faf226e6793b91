/** Requests to a trainer in its first moments. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endOf, type Lab, mainFile, openLab } from './lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = openLab();
});
afterEach(() => lab.remove());

/** A module that has its process get the signal when the process asks for its first package. */
const signalling = (signal: NodeJS.Signals): string =>
  `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    let isSent = false;
    registerHooks({ resolve(name, context, next) {
      if (!isSent && /^[a-z]/.test(name) && !name.includes(':')) {
        isSent = true;
        process.kill(process.pid, '${signal}');
      }
      return next(name, context);
    } });`)}`;

it.skipIf(process.platform === 'win32').each([
  ['SIGTERM', { code: 'interrupted', message: 'The trainer received SIGTERM.' }],
  ['SIGINT', { code: 'interrupted', message: 'The trainer received SIGINT.' }],
  ['SIGUSR2', null],
] as const)('%s pauses the run of a trainer that is still loading its modules', async (signal, reason) => {
  const run = lab.addRun('early');
  const trainer = spawn(process.execPath, ['--import', signalling(signal), mainFile, run.folder], { stdio: 'ignore' });
  expect(await once(trainer, 'exit')).toEqual([0, null]);
  expect(endOf(run)).toMatchObject({ state: 'paused', step: 0, reason });
});
