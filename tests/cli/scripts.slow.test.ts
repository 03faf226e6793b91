/** The command lines of the scripts of package.json that are programs of this project. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

/** By name: arguments that it must refuse, and what it must say. */
const scripts: Record<string, [refused: string[], words: RegExp][]> = {
  bench: [[['nonsense'], /nonsense.*fpt-step/]],
  dist: [[['nonsense'], /too many arguments/]],
  pretrain: [
    [['--objective', 'nonsense'], /nonsense.*bit-memory/],
    [['--steps', 'many'], /--steps expects a whole number.*"many"/],
  ],
  reliability: [
    [['nonsense'], /nonsense.*kills/],
    [[], /missing.*kind/],
    [['kills', '--count', 'many'], /--count expects a whole number.*"many"/],
    [['disks', '--only', 'lockedStore,nonsense'], /--only.*nonsense.*fullDisk/],
  ],
  screenshots: [[['home', 'folder', 'wide'], /width expects a whole number.*"wide"/]],
};

async function start(script: string, args: string[]) {
  const [, file] = /^node (\S+\.ts)$/.exec(packageJson.scripts[script as 'bench'])!;
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

describe.each(Object.keys(scripts))('npm run %s', (script) => {
  it('answers --help instead of starting or throwing', async () => {
    const { code, out, err } = await start(script, ['--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Usage: npm run ${script} -- [options]`);
  });

  it.each(scripts[script])('refuses %j with a sentence', async (refused, words) => {
    const { code, err } = await start(script, refused);
    expect(err).toMatch(words);
    expect(err).not.toMatch(/^\s+at /m); // a stack
    expect(code).toBe(2);
  });
});

it('covers every script that is a program of this project and no command of permafrost', () => {
  const own = Object.entries(packageJson.scripts).filter(([, command]) => /^node \S+\.ts$/.test(command));
  expect(Object.keys(scripts).sort()).toEqual(own.map(([name]) => name).sort());
});
