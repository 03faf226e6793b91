import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSafetensors } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { type Checkpoint, readCheckpoint, writeCheckpoint, writeWeights } from '../../src/trainer/checkpoint.ts';
import { sweepDrafts } from '../../src/trainer/files.ts';
import { openJournal, readJournal } from '../../src/trainer/journal.ts';
import { openKeeper } from '../../src/trainer/keeper.ts';
import { runFiles } from '../../src/trainer/runFolder.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-checkpoint-'));
  path = runFiles(folder).checkpoint;
});
afterEach(() => rmSync(folder, { recursive: true }));

const specs = { w: { shape: [2, 3] }, 'adam/m/w': { shape: [2, 3] }, 'adam/correction1': { shape: [] } };
const checkpoint = (step: number, best = true): Checkpoint => ({
  progress: { step, iteration: 1, best: { iteration: 1, loss: 0.1 + 0.2 }, testMetrics: [1 / 3, 1e-300], seconds: 1.5 },
  state: {
    w: Float32Array.of(1, -0, 1e-45, 3.4e38, 5, step),
    'adam/m/w': new Float32Array(6).fill(1 / 3),
    'adam/correction1': Float32Array.of(0.5),
  },
  best: best ? { w: new Float32Array(6).fill(7) } : null,
});

/** The draft of the next write, made into a link to a device that is always full. */
const fillDisk = () => symlinkSync('/dev/full', `${path}.${process.pid}.tmp`);

describe('a checkpoint', () => {
  it('comes back bit for bit', () => {
    writeCheckpoint(path, specs, checkpoint(40));
    expect(readCheckpoint(path, specs)).toEqual(checkpoint(40));
    writeCheckpoint(path, specs, checkpoint(41, false));
    expect(readCheckpoint(path, specs)).toEqual(checkpoint(41, false));
  });

  it('is null where there is none', () => {
    expect(readCheckpoint(path, specs)).toBeNull();
  });

  it('is refused when the run has other parameters now', () => {
    writeCheckpoint(path, specs, checkpoint(1));
    const wider = { ...specs, w: { shape: [2, 4] } };
    expect(() => readCheckpoint(path, wider)).toThrow(
      /holds w \[2,3\]; this run needs \[2,4\]\. The config was changed/,
    );
    expect(() => readCheckpoint(path, { ...specs, b: { shape: [2] } })).toThrow(/holds no b; this run needs \[2\]/);
    const { 'adam/m/w': _, ...fewer } = specs;
    expect(() => readCheckpoint(path, fewer)).toThrow(/holds adam\/m\/w \[2,3\]; this run has no such value/);
  });

  it('is refused when its bytes are cut', () => {
    writeCheckpoint(path, specs, checkpoint(1));
    truncateSync(path, readFileSync(path).length - 1);
    expect(() => readCheckpoint(path, specs)).toThrow(expect.objectContaining({ code: 'weights' }));
  });

  it('is refused when it is another safetensors file', () => {
    writeWeights(path, specs, checkpoint(1).state, 1);
    expect(() => readCheckpoint(path, specs)).toThrow(/is not a checkpoint of a run/);
  });
});

describe('a write that fails', () => {
  it('leaves the checkpoint before, no draft, and says what to do', () => {
    writeCheckpoint(path, specs, checkpoint(1));
    fillDisk();
    expect(() => writeCheckpoint(path, specs, checkpoint(2))).toThrow(
      /checkpoint\.safetensors could not be written .*ENOSPC.*The disk is full\. Free some space\./,
    );
    expect(readCheckpoint(path, specs)?.progress.step).toBe(1);
    expect(readdirSync(folder)).toEqual(['checkpoint.safetensors']);
  });

  it('names the folder when it is gone', () => {
    const gone = join(folder, 'gone', 'checkpoint.safetensors');
    expect(() => writeCheckpoint(gone, specs, checkpoint(1))).toThrow(
      expect.objectContaining({ code: 'disk', message: expect.stringContaining(join(folder, 'gone')) }),
    );
  });
});

it('drafts of dead writers are swept, others are left', () => {
  const dead = 2 ** 22 + 1; // beyond the largest process id of Linux
  for (const name of [`a.${dead}.tmp`, `b.${process.pid}.tmp`, `c.${process.ppid}.tmp`, 'd.tmp', 'e'])
    writeFileSync(join(folder, name), '');
  sweepDrafts(folder);
  expect(readdirSync(folder).sort()).toEqual([`b.${process.pid}.tmp`, `c.${process.ppid}.tmp`, 'd.tmp', 'e']);
});

describe('a keeper', () => {
  const open = (now?: () => number) => {
    const files = runFiles(folder);
    const journal = openJournal(files.journal);
    return { files, journal, keeper: openKeeper(files, specs, journal, now) };
  };
  const kinds = () =>
    readJournal(runFiles(folder).journal).entries.map(({ body }) =>
      body.kind === 'log' ? `${body.level}: ${body.text}` : body.kind,
    );

  it('writes checkpoint and best weights and says so in the journal', () => {
    const { files, keeper } = open();
    expect(keeper.save(checkpoint(5))).toEqual({ saved: true });
    expect(kinds()).toEqual(['checkpoint']);
    const { metadata, tensors } = readSafetensors(bytesSource(readFileSync(files.best)));
    expect(metadata).toEqual({ iteration: '1' });
    expect([...tensors.keys()]).toEqual(['w']);
  });

  it('warns once while the disk is full, keeps the checkpoint before, and says when it works again', () => {
    const { keeper } = open();
    keeper.save(checkpoint(5));
    for (const step of [6, 7]) {
      fillDisk();
      expect(keeper.save(checkpoint(step)).saved).toBe(false);
    }
    expect(readCheckpoint(path, specs)?.progress.step).toBe(5);
    keeper.save(checkpoint(8));
    expect(readCheckpoint(path, specs)?.progress.step).toBe(8);
    expect(kinds()).toEqual([
      'checkpoint',
      expect.stringMatching(/^warn: .*disk is full.*Training goes on/),
      'info: Checkpoints can be written again.',
      'checkpoint',
    ]);
  });

  it('writes the best weights later when they could not be written at first', () => {
    const { files, keeper } = open();
    mkdirSync(files.best);
    expect(keeper.save(checkpoint(5)).saved).toBe(false);
    rmSync(files.best, { recursive: true });
    expect(keeper.save(checkpoint(6)).saved).toBe(true);
    expect(existsSync(files.best)).toBe(true);
  });

  it('is due 30 seconds after the last checkpoint', () => {
    let now = 0;
    const { keeper } = open(() => now);
    now = 30_000;
    expect(keeper.isDue()).toBe(false);
    now = 30_001;
    expect(keeper.isDue()).toBe(true);
    keeper.save(checkpoint(5));
    expect(keeper.isDue()).toBe(false);
  });

  it('waits longer when writing takes long: at most a twentieth of the time', () => {
    let now = 0;
    const { keeper } = open(() => {
      now += 2000; // every look at the clock: one save takes 2 s
      return now;
    });
    keeper.save(checkpoint(5));
    const saved = now;
    while (!keeper.isDue());
    expect(now - saved).toBeGreaterThan(40_000);
    expect(now - saved).toBeLessThan(45_000);
  });
});
