/** Journals with random damage, rebuilt without their database. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#app';
import { type Random, randomStream } from '#contract/random';
import { decodeEntry } from '#contract/run';
import { runFiles } from '#runFolder/paths';
import { claim, permafrost, resultOf, tinySettings } from './lab.ts';

type Damage = (lines: Buffer[], random: Random) => Buffer[];
const lineEnd = Buffer.from('\n');

/** Each leaves the last line, which holds the result, except those that only cut bytes after it. */
const damages: Record<string, Damage> = {
  'a flipped bit': (lines, random) => {
    const at = random.below(lines.length - 1);
    const line = Buffer.from(lines[at]);
    line[random.below(line.length)] ^= 1 << random.below(8);
    return lines.toSpliced(at, 1, line);
  },
  'a missing line': (lines, random) => lines.toSpliced(random.below(lines.length - 1), 1),
  'a blank line': (lines, random) => lines.toSpliced(random.below(lines.length), 0, Buffer.alloc(0)),
  'a doubled line': (lines, random) => {
    const at = random.below(lines.length - 1);
    return lines.toSpliced(at, 0, lines[at]);
  },
  'two lines swapped': (lines, random) => {
    const at = random.below(lines.length - 2);
    return lines.toSpliced(at, 2, lines[at + 1], lines[at]);
  },
  'zeros in a line': (lines, random) =>
    lines.toSpliced(random.below(lines.length - 1), 1, Buffer.alloc(1 + random.below(9000))),
  'half a line behind': (lines, random) => [...lines, lines[0].subarray(0, 1 + random.below(lines[0].length - 1))],
};

export async function damagedJournals(log: (text: string) => void, count = 200): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-journals-'));
  try {
    const ran = await permafrost(['run', ...tinySettings(60), '--json'], { home });
    const { id } = JSON.parse(ran.out);
    const journal = readFileSync(runFiles(join(home, 'runs', id)).journal);
    const lines = splitLines(journal);
    const wanted = resultOf(home, id);
    const random = randomStream(1, 'damaged journals');
    const copy = join(home, 'copy');
    const names = Object.keys(damages);
    for (let round = 0; round < count; round++) {
      const name = names[round % names.length];
      rmSync(copy, { recursive: true, force: true });
      mkdirSync(copy);
      cpSync(join(home, 'runs'), join(copy, 'runs'), { recursive: true });
      const damaged = damages[name](lines, random);
      const isTail = name === 'half a line behind';
      const bytes = Buffer.concat(
        damaged.flatMap((line, i) => (isTail && i === damaged.length - 1 ? [line] : [line, lineEnd])),
      );
      writeFileSync(runFiles(join(copy, 'runs', id)).journal, bytes);
      const app = await createApp({ home: copy, repairs: true });
      const found = await app.rebuild();
      const { state, result } = app.runs.get(id);
      const said = app.runs.log(id).lines.filter(({ text }) => /damaged here/.test(text)).length;
      await app.close();
      const { seconds: _, ...value } = result ?? { seconds: 0 };
      claim(`${name}: the run is finished`, state === 'finished', { round, state, found });
      claim(`${name}: the result survives`, JSON.stringify(value) === JSON.stringify(wanted), value);
      claim(`${name}: rebuild tells it`, isTail || found.damaged.length === 1, { round, found });
      const lost =
        new Set(splitLines(journal).map((line) => decodeEntry(line.toString())?.seq)).size -
        new Set(seqsOf(damaged)).size;
      claim(`${name}: the log says where something is lost`, isTail || said === Math.max(0, lost), {
        round,
        said,
        lost,
      });
    }
    log(`${count} damages of ${names.length} kinds: every result survived and was told`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Entries that count: their number is larger than all before. */
function seqsOf(lines: Buffer[]): number[] {
  let last = 0;
  return lines.flatMap((line) => {
    const seq = decodeEntry(line.toString())?.seq ?? 0;
    if (seq <= last) return [];
    last = seq;
    return [seq];
  });
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0, end = bytes.indexOf(0x0a); end >= 0; at = end + 1, end = bytes.indexOf(0x0a, at))
    lines.push(bytes.subarray(at, end));
  return lines;
}
