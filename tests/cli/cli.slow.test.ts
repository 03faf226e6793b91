/** The command line as a user meets it: arguments in, text, JSON and exit codes out. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignColumns } from '#cli/command';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
const systemNode = '/usr/bin/node'; // Debian's place
const isSystemNodeOld =
  existsSync(systemNode) && spawnSync(systemNode, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v20');
let folder: string;
let home: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
  home = join(folder, 'home');
});
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

function permafrost(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, PERMAFROST_HOME: home },
  });
  return { status, stdout, stderr };
}
const json = (...words: string[]) => JSON.parse(permafrost(...words, '--json').stdout);

const tiny = {
  task: 'bit-xor',
  n: 4,
  num_patterns: 2,
  pretrained: false,
  n_layer: 1,
  n_embd: 16,
  n_head: 2,
  n_positions: 4,
  batch_size: 8,
};
const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const args = {
  num_iters: 2,
  steps_per_iter: 3,
  test_steps_per_iter: 16,
  gpu_batch_size: 8,
  final_test_samples: 32,
  early_stop: null,
  device: 'cpu',
};
const good = () => file('good.json', { name: 'tiny', params: tiny, args });

describe('run, list, show, tag and export', () => {
  it('train a dl-project file and print it, as text and as JSON', () => {
    const { status, stdout, stderr } = permafrost('run', good(), '--seed', '3', '--set', 'learning_rate=0.01');
    expect(stderr).toMatch(/3\/6 {2}train loss .* test metric .* steps\/s/);
    expect(stderr).toMatch(/finished: accuracy [\d.]+( ± [\d.]+)? on 32 samples/);
    expect(status).toBe(0);
    const id = stdout.trim();
    expect(json('list').runs.map((run: { id: string }) => run.id)).toEqual([id]);
    expect(json('show', id.slice(0, 9))).toMatchObject({
      id,
      state: 'finished',
      config: { seed: 3, learning_rate: 0.01, name: 'tiny' },
    });
    expect(permafrost('list').stdout).toContain(id);
    const shown = permafrost('show', id).stdout;
    expect(shown).toMatch(/seed = 3/);
    expect(shown).toMatch(/Deviations from the published protocol:\n {2}variant: /);
    expect(json('tag', id, 'first', 'second').tags).toEqual(['first', 'second']);
    expect(json('tag', id, 'first', '--remove').tags).toEqual(['second']);
    expect(permafrost('export', 'runs.csv').status).toBe(0);
    expect(readFileSync(join(folder, 'runs.csv'), 'utf8').split('\r\n')).toHaveLength(3);
    expect(json('export', '--format', 'metrics.csv', id, 'metrics.csv')).toEqual({
      path: 'metrics.csv',
      format: 'metrics.csv',
    });
    expect(readFileSync(join(folder, 'metrics.csv'), 'utf8')).toMatch(new RegExp(`${id},train_loss,6,`));
    expect(json('export', 'my.means.csv').format).toBe('means.csv');
    expect(permafrost('export', '-').stdout).toMatch(/^id,state,/);
    expect(json('frozen', id)).toMatchObject({ id, untouched: true, checked: { step: 6 } });
    expect(permafrost('frozen', id).stdout).toMatch(/frozen tensors, .* after step 6, .*: no tensor changed\./);
    expect(permafrost('resume', id)).toMatchObject({ status: 4, stderr: expect.stringContaining('is finished') });
  });

  it.each(['run', 'sweep'])('%s refuses a file whose device does not work here, before a run is made', (command) => {
    const before = json('list').runs;
    const path = file('fourth.json', { name: 'fourth', params: tiny, args: { ...args, device: 'webgpu:3' } });
    const { status, stderr } = permafrost(command, path);
    expect(stderr).toMatch(/^webgpu:3 cannot be used here: \w/);
    expect(status).toBe(5);
    expect(json('list').runs).toEqual(before);
  });

  it('fail with code 3 when the run fails, and say why', () => {
    const { status, stderr } = permafrost('run', '--set', 'task=bit-xor', '--set', 'model_name=gpt2');
    expect(stderr).toMatch(/failed at step 0: .*models\/gpt2.*safetensors/s);
    expect(status).toBe(3);
  });

  it('train a task named without other settings on its published settings, with a body on this machine', () => {
    const short = ['num_iters=1', 'steps_per_iter=2', 'test_steps_per_iter=16', 'final_test_samples=16'];
    const { status, stdout, stderr } = permafrost('run', '--set', 'task=mnist', ...short.flatMap((s) => ['--set', s]));
    expect(stderr).toMatch(
      /^Using the body permafrost-nano, because gpt2 is not on this machine\. Fetch gpt2 with permafrost zoo/,
    );
    expect(status).toBe(0);
    expect(json('show', stdout.trim()).config).toMatchObject({ patch_size: 4, model_name: 'permafrost-nano' });
  });

  it('pause at Ctrl-C and continue from there', async () => {
    const child = spawn(process.execPath, [bin, 'run', good(), '--set', 'num_iters=100000', '--json'], {
      env: { ...process.env, PERMAFROST_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
    });
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (text) => {
        err += text;
        if (/test metric/.test(err)) resolve();
      });
    });
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(err).toMatch(/Pausing.*permafrost resume/);
    expect(code).toBe(3);
    const { id, step } = JSON.parse(out);
    expect(json('show', id)).toMatchObject({ state: 'paused', step });
  });

  // util-linux's `script` opens the terminal; that of macOS takes other options
  describe.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))('on a terminal', () => {
    const node = existsSync(systemNode) ? systemNode : process.execPath; // if it is old, two processes get the terminal's signals
    /** A command on a terminal of its own. */
    function onTerminal(words: string) {
      const command = `stty cols 150; exec "${node}" "${bin}" ${words}`;
      const terminal = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
        cwd: folder,
        env: { ...process.env, PERMAFROST_HOME: home },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      let out = '';
      let code: number | null = null;
      terminal.stdout.on('data', (text) => {
        out += text;
      });
      terminal.once('exit', (status) => {
        code = status;
      });
      const until = async (done: () => boolean) => {
        for (let tries = 0; !done() && tries < 300; tries++) await sleep(100);
      };
      return {
        out: () => out,
        press: (key: string) => terminal.stdin.write(key),
        async says(what: RegExp) {
          await until(() => what.test(out) || code !== null);
          expect(out).toMatch(what);
        },
        async endsWith(status: number) {
          await until(() => code !== null);
          expect({ code, out }).toMatchObject({ code: status });
        },
      };
    }
    const becomes = async (id: string, state: string) => {
      for (let tries = 0; json('show', id).state !== state && tries < 60; tries++) await sleep(100);
      expect(json('show', id)).toMatchObject({ state });
    };
    const ctrlC = '\x03';

    it('Ctrl-C acts once, although the terminal signals every process', async () => {
      good();
      const terminal = onTerminal('run good.json --set num_iters=100000');
      await terminal.says(/steps\/s/);
      terminal.press(ctrlC);
      await terminal.endsWith(3);
      expect(terminal.out().match(/Pausing each run/g)).toHaveLength(1);
      expect(terminal.out()).toMatch(/paused at step \d+/);
    });

    it('Ctrl-C pauses the decoding of a data set and says how to continue', async () => {
      const molecules = Array.from({ length: 500 }, (_, i) => `${i}.0\tCC(=O)Oc1ccccc1C(=O)O\t0`);
      mkdirSync(join(folder, 'molecules'));
      file('molecules/cyp3a4_veith.tab', ['Drug_ID\tDrug\tY', ...molecules, ''].join('\n'));
      const terminal = onTerminal('data pull cyp3a4-graph --from molecules');
      await terminal.says(/decoding/);
      terminal.press(ctrlC);
      await terminal.endsWith(3);
      expect(terminal.out()).toMatch(/Paused\. .* Continue with: permafrost data pull cyp3a4-graph\s*$/);
    });

    it('serve ends at once when idle, and needs a second Ctrl-C while a run is running', async () => {
      const idle = onTerminal('serve');
      await idle.says(/Ctrl-C ends the server/);
      idle.press(ctrlC);
      await idle.endsWith(0);
      expect(idle.out()).not.toMatch(/again/);

      const { id } = json('list').runs.find(({ state }: { state: string }) => state === 'paused');
      const run = spawn(process.execPath, [bin, 'resume', id], { env: { ...process.env, PERMAFROST_HOME: home } });
      await becomes(id, 'running');
      const killed = once(run, 'exit');
      run.kill('SIGKILL'); // the next app takes over its run
      await killed;
      const busy = onTerminal('serve');
      await busy.says(/Ctrl-C ends the server/);
      await becomes(id, 'running');
      busy.press(ctrlC);
      await busy.says(
        /One run is running or queued\. Press Ctrl-C again within 5 s to pause at a checkpoint and exit\./,
      );
      busy.press(ctrlC);
      await busy.endsWith(0);
      expect(json('show', id).state).toBe('paused');
    }, 120_000);
  });
});

it('sweep trains every value with every seed, tabulates them, and reuses finished runs', () => {
  const words = ['sweep', good(), '--set', 'num_iters=1', '--set', 'schedule=cosine', '--seeds', '1', '--slots', '2'];
  const { axes, rows } = json(...words, '--grid', 'learning_rate=0.001..0.01:log:2', '--out', 'sweep.csv');
  expect(axes).toEqual([{ field: 'learning_rate', values: [0.001, 0.01] }]);
  expect(
    rows.map(({ values, seeds, runs }: { values: number[]; seeds: number; runs: string[] }) => [
      values,
      seeds,
      runs.length,
    ]),
  ).toEqual([
    [[0.001], 1, 1],
    [[0.01], 1, 1],
  ]);
  for (const { low, mean, high } of rows) expect(low <= mean && mean <= high).toBe(true);
  expect(readFileSync(join(folder, 'sweep.csv'), 'utf8')).toMatch(
    /^learning_rate,metric,mean,low_95,high_95,seeds,runs\r\n0.001,accuracy,/,
  );
  expect(json('show', rows[1].runs[0])).toMatchObject({ config: { seed: 0, learning_rate: 0.01, schedule: 'cosine' } });
  const again = permafrost(...words, '--grid', 'learning_rate=0.001,0.01');
  expect(again.stderr).toMatch(/2 of 2 runs are already finished/);
  expect(again.stdout).toMatch(/learning_rate +accuracy +95 % interval +seeds.*best mean/s);
}, 300_000);

it('sweep lists failed runs, and repeating the command trains only those', () => {
  const words = ['sweep', good(), '--set', 'n_positions=1024', '--set', 'num_iters=1', '--grid', 'task=bit-xor,cyp3a4'];
  const first = permafrost(...words, '--seeds', '1', '--out', 'sweep.md');
  expect(first.stdout).toMatch(
    /cyp3a4 +– +0 of 1\n.*Failed:\n.*data set cyp3a4 is not on this machine.*train only these/s,
  );
  expect(first.status).toBe(3);
  expect(readFileSync(join(folder, 'sweep.md'), 'utf8')).toMatch(
    /\| bit-xor \| [\d.]+ ± [\d.]+\[\^1\] \| 1 \|\n\| cyp3a4 \| – \| 0 of 1 \|/,
  );
  const again = permafrost(...words, '--seeds', '1');
  expect(again.stderr).toMatch(/1 of 2 runs are already finished/);
  expect(again.stderr).not.toMatch(/task bit-xor, seed 0 {2}/);
  expect(permafrost(...words, '--out', 'sweep.xlsx')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--out expects a file that ends in .csv, .md, .tex'),
  });
}, 300_000);

describe('a run with deleted files', () => {
  let id: string;
  let runFolder: string;
  beforeAll(() => {
    id = permafrost('run', good(), '--seed', '11').stdout.trim();
    runFolder = join(home, 'runs', id);
  });

  it.each(['config.json', 'journal.jsonl', 'frozen.json'])(
    'without %s no bundle is written, not even in part',
    (name) => {
      renameSync(join(runFolder, name), join(folder, name));
      const { status, stderr } = permafrost('export', id, 'gone.zip');
      renameSync(join(folder, name), join(runFolder, name));
      expect(stderr).toContain(`Files are missing in ${join(home, 'runs')}: ${id} (${name}). Restore them`);
      expect(status).toBe(5);
      expect(readdirSync(folder).filter((file) => file.startsWith('gone.zip'))).toEqual([]);
    },
  );

  it('is reported by every command and keeps its data in the store', () => {
    renameSync(runFolder, join(folder, 'hidden'));
    const rows: [string[], number, string][] = [
      [['export', id, 'gone.zip'], 5, `${id} (config.json, journal.jsonl, frozen.json)`],
      [['export-model', id, 'gone.onnx'], 5, `${id} (config.json)`],
      [['attention', id], 5, `${id} (config.json)`],
      [['frozen', id], 4, `${join(runFolder, 'frozen.json')} is missing`],
    ];
    for (const [words, code, message] of rows) {
      const { status, stderr } = permafrost(...words);
      expect(stderr).toContain(message);
      expect(status).toBe(code);
    }
    expect(permafrost('show', id)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`folder ${runFolder} is missing`),
    });
    expect(permafrost('export', id, 'kept.csv').status).toBe(0);
    expect(readdirSync(folder).filter((file) => file.startsWith('gone'))).toEqual([]);
    renameSync(join(folder, 'hidden'), runFolder);
    expect(permafrost('export', id, 'whole.zip').status).toBe(0);
  });
});

describe('errors have a message and an exit code', () => {
  const rows: [string, () => string[], number, RegExp][] = [
    ['a config that is no JSON', () => ['run', file('bad.json', '{"params": ')], 2, /bad\.json is not JSON/],
    ['a file that is missing', () => ['run', 'missing.json'], 2, /missing\.json cannot be read/],
    ['no config at all', () => ['run'], 2, /Expected a config file or a task; found neither/],
    [
      'an unknown field',
      () => ['run', good(), '--set', 'learing_rate=1'],
      2,
      /learing_rate: unknown field. Did you mean learning_rate\?/,
    ],
    ['an unknown task', () => ['run', '--set', 'task=mnits'], 2, /there is no task "mnits"\. Did you mean mnist\?/],
    [
      'a batch that does not divide',
      () => ['run', good(), '--set', 'batch_size=12'],
      2,
      /batch_size 12 must be at most gpu_batch_size 8 or a multiple/,
    ],
    [
      'a grid with such a batch',
      () => ['sweep', good(), '--grid', 'batch_size=8,12'],
      2,
      /^batch_size 12 must be at most gpu_batch_size 8 or a multiple/,
    ],
    [
      'too few positions',
      () => ['run', good(), '--set', 'n_positions=1'],
      2,
      /bit-xor makes 2 tokens, but gpt2 takes at most 1 \(n_positions\)/,
    ],
    ['an unknown run', () => ['show', 'nothing-here'], 4, /no run "nothing-here"/],
    ['an unknown table', () => ['reproduce', 'q9'], 4, /Unknown table "q9"\. Did you mean/],
    ['an unknown cell', () => ['reproduce', 'regimes', '--cells', 'xyz'], 4, /No cell of regimes contains xyz/],
    [
      'a seed that may be one or a thousand',
      () => ['count', good(), '--seed', '1.000'],
      2,
      /^seed: expected a whole .*Write 1000/,
    ],
    ...[
      ['sweep', 'good.json', '--seeds'],
      ['sweep', 'good.json', '--slots'],
      ['reproduce', '--seeds'],
      ['verify', 'x.zip', '--slots'],
      ['serve', '--port'],
      ['start', '--serve', '--slots'],
      ['data', 'sample', 'good.json', '--count'],
      ['attention', 'x', '--sample'],
      ['zoo', 'show', 'gpt2', '--batch'],
    ].map((words, i): [string, () => string[], number, RegExp] => {
      const text = ['1e1', '0x2', '', 'Infinity', '1.0', '-1', '2.000', 'abc', ' 3'][i];
      return [
        `${words.join(' ')} "${text}"`,
        () => [...words, text],
        2,
        new RegExp(`^${words.at(-1)} expects a whole number from [01]( to \\d+)?; found "${text}"\\.`),
      ];
    }),
    [
      'an unknown command',
      () => ['reprodcue'],
      2,
      /unknown command 'reprodcue'.*Did you mean reproduce\?.*--help lists/s,
    ],
    ['no command', () => [], 2, /^Usage: permafrost/],
    ['two things on standard output', () => ['attention', 'x', '-', '--json'], 2, /^--json and - both write/],
    ['an unknown option', () => ['list', '--jsn'], 2, /unknown option '--jsn'/],
  ];
  it.each(rows)('%s', (_, words, code, message) => {
    const { status, stdout, stderr } = permafrost(...words());
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect(stdout.replace(/^\{"error".*\}\n$/, '')).toBe('');
    expect(status).toBe(code);
  });

  it('and store nothing: a refused sweep makes no run', () => {
    const before = json('list');
    permafrost('sweep', good(), '--grid', 'batch_size=8,12');
    expect(json('list')).toEqual(before);
  });

  it('as JSON for wrong usage too: one object on standard output', () => {
    for (const words of [
      ['reprodcue'],
      ['list', '--jsonn'],
      ['show'],
      ['tables', 'a', 'b'],
      ['data', 'shuffle'],
      ['export', '--format', 'x', '-'],
    ]) {
      const { status, stdout } = permafrost(...words, '--json');
      expect(JSON.parse(stdout)).toEqual({ error: { code: 'config', message: expect.stringMatching(/^(?!error)\w/) } });
      expect(status).toBe(2);
    }
  });

  it('a message that quotes a huge or hostile text is shortened and printable', () => {
    const { stderr } = permafrost('show', `\x1b[31m${'x'.repeat(100_000)}`);
    expect(stderr.length).toBeLessThan(3000);
    expect(stderr).toMatch(/\\u001b\[31mxxx/);
    expect(stderr).not.toContain('\x1b');
  });

  it('as JSON with --json', () => {
    expect(json('show', 'nothing-here')).toEqual({
      error: { code: 'notFound', message: expect.stringContaining('no run') },
    });
  });

  it('a home that cannot be written', () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, 'a file where the home should be');
    const { status, stderr } = spawnSync(process.execPath, [bin, 'list'], {
      encoding: 'utf8',
      env: { ...process.env, PERMAFROST_HOME: join(blocked, 'home') },
    });
    expect(stderr).toMatch(/ENOTDIR.*There is a file where a folder should be.*PERMAFROST_HOME/);
    expect(status).toBe(5);
  });

  it.each(['list', 'tables', 'zoo list', 'zoo show gpt2', 'data list', 'verify none.zip'])(
    '%s only reads, and makes no home',
    (line) => {
      const untouched = join(folder, 'untouched');
      const { status } = spawnSync(process.execPath, [bin, ...line.split(' ')], {
        cwd: folder,
        env: { ...process.env, PERMAFROST_HOME: untouched },
      });
      expect(status).toBe(line.startsWith('verify') ? 5 : 0);
      expect(existsSync(untouched)).toBe(false);
    },
  );

  it.skipIf(process.getuid?.() === 0)('a home that is read-only', () => {
    const readOnly = join(folder, 'read-only');
    mkdirSync(readOnly);
    chmodSync(readOnly, 0o555);
    const { status, stderr } = spawnSync(process.execPath, [bin, 'rebuild'], {
      encoding: 'utf8',
      env: { ...process.env, PERMAFROST_HOME: readOnly },
    });
    expect(stderr).toMatch(/cannot be written/);
    expect(status).toBe(5);
  });
});

describe('output that cannot be written', () => {
  const commands = ['tables', 'tables --json', 'list', 'list --json', 'export -', '--help'].map(
    (line): [string, string[]] => [line, line.split(' ')],
  );
  const environment = () => ({ ...process.env, PERMAFROST_HOME: home });

  it.each(commands)('%s exits silently as with SIGPIPE when its reader closes the pipe', async (_, words) => {
    const child = spawn(process.execPath, [bin, ...words], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let err = '';
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, err }).toEqual({ code: 141, err: '' });
  });

  it.runIf(existsSync('/dev/full')).each(commands)('%s fails with code 5 on a full disk', (_, words) => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [bin, ...words], {
      encoding: 'utf8',
      env: environment(),
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    expect(stderr).toMatch(/^Standard output could not be written: .*no space left on device/);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(status).toBe(5);
  });
});

it('a config that begins with a byte-order mark is read', () => {
  const path = file('bom.json', `\uFEFF${JSON.stringify({ name: 'bom', params: tiny, args })}`);
  expect(permafrost('count', path)).toMatchObject({ status: 0, stderr: '' });
  writeFileSync(path, Buffer.from('\uFEFF{}', 'utf16le'));
  expect(permafrost('count', path)).toMatchObject({ status: 2, stderr: expect.stringContaining('it is in UTF-16') });
});

it('count prints the published counts of GPT-2 small without a run', () => {
  expect(json('count', '--set', 'task=mnist', '--set', 'patch_size=4')).toEqual({
    ...{ trainable: 59146, total: 124460554 },
    gpu: null, // this config does not run on a graphics card
  });
});

it('devices lists every device, and the CPU works', () => {
  const { devices } = json('devices');
  expect(devices.map((d: { name: string }) => d.name)).toEqual(['cpu', 'webgpu', 'cuda', 'tensorflow']);
  expect(devices[0]).toMatchObject({ available: true, why: null });
  for (const { available, why, help } of devices)
    if (!available) expect([why, help].every((text) => text.length > 10)).toBe(true);
});

it('the complete id of a cell selects only that cell, even if other ids begin with it', () => {
  const id = 'exp1-zoo/mnist/gpt2';
  const { cells } = json('reproduce', 'exp1-zoo', '--cells', id, '--profile', 'paper');
  expect(cells.map((cell: { id: string }) => cell.id)).toEqual([id]);
});

it.skipIf(!isSystemNodeOld)('an old Node starts the installed one', () => {
  const { status, stdout } = spawnSync(systemNode, [bin, 'list', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, PERMAFROST_HOME: home },
  });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toHaveProperty('runs');
});

it('--version prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(permafrost('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

it('columns are aligned, numbers to the right', () => {
  expect(
    alignColumns(
      ['a', 'bb'],
      [
        ['x', '1'],
        ['yyy', '22'],
      ],
    ).split('\n'),
  ).toEqual(['a    bb', '───────', 'x     1', 'yyy  22']);
});
