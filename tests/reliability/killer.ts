/**
 * Loaded before a program (`--import`): kills it (SIGKILL) at one of the points before and after its file operations.
 * KILL_PROGRAM: ending of the program's path. KILL_AT: number of the point, from 0. KILL_ON: a regular expression instead; the
 * first point whose text matches, such as `after renameSync /…/marks.json`. KILL_REPORT: a file to which a killed program adds the
 * text of its point, and a program that exits adds its name and number of points. A killed write has written half.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { KILL_PROGRAM = '', KILL_AT, KILL_ON, KILL_REPORT } = process.env;
const at = KILL_AT ? Number(KILL_AT) : -1;
const on = KILL_ON ? new RegExp(KILL_ON) : null;
const { writeSync, appendFileSync } = fs; // the originals, before they are watched
const paths = new Map<unknown, unknown>();
let points = 0;

function pass(text: string, half = () => {}): void {
  if (points++ !== at && !on?.test(text)) return;
  half();
  if (KILL_REPORT) appendFileSync(KILL_REPORT, `killed ${text}\n`);
  process.kill(process.pid, 'SIGKILL');
}

const operations = ['renameSync', 'linkSync', 'symlinkSync', 'mkdirSync', 'rmSync', 'ftruncateSync', 'writeFileSync', 'fsyncSync', 'copyFileSync'] as const; // biome-ignore format: one table
type Call = (...args: unknown[]) => unknown;
const patch = (table: Record<string, unknown>, name: string, made: (call: Call) => Call): void => {
  table[name] = made((table[name] as Call).bind(table));
};

if ((process.argv[1] ?? '').endsWith(KILL_PROGRAM)) {
  const sync = fs as unknown as Record<string, unknown>;
  for (const name of operations)
    patch(sync, name, (call) => (...args) => {
      const place = [...args.slice(0, 2)].map((each) => paths.get(each) ?? each).join(' ');
      pass(`before ${name} ${place}`);
      const value = call(...args);
      pass(`after ${name} ${place}`);
      return value;
    });
  patch(sync, 'openSync', (call) => (...args) => {
    const file = call(...args);
    paths.set(file, args[0]);
    if (args[1] !== undefined && args[1] !== 'r') pass(`after openSync ${args[0]}`);
    return file;
  });
  patch(sync, 'writeSync', (call) => (...args) => {
    const [file, bytes, from = 0, length] = args as [number, Uint8Array, number?, number?];
    if (file <= 2 || typeof bytes === 'string') return call(...args);
    const half = () => void writeSync(file, bytes, from, (length ?? bytes.length) >> 1, (args[4] as number) ?? null);
    pass(`before writeSync ${paths.get(file)}`, half);
    const value = call(...args);
    pass(`after writeSync ${paths.get(file)}`);
    return value;
  });
  const promised = fs.promises as unknown as Record<string, unknown>;
  for (const name of ['rename', 'symlink', 'writeFile', 'mkdir', 'rm', 'open'])
    patch(promised, name, (call) => async (...args) => {
      pass(`before ${name} ${args[0]} ${args[1]}`);
      const value = await call(...args);
      pass(`after ${name} ${args[0]} ${args[1]}`);
      return value;
    });
  syncBuiltinESMExports();
  process.on('exit', () => KILL_REPORT && appendFileSync(KILL_REPORT, `${process.argv[1]} ${points}\n`));
}
