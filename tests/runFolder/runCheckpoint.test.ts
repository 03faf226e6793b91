import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSafetensors, safetensorsChunks } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { openJournal, readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import {
  isCheckpointDamaged,
  type RunCheckpoint,
  readRunCheckpoint,
  readTrained,
  writeBestWeights,
  writeRunCheckpoint,
} from '#runFolder/runCheckpoint';
import { openCheckpointWriter } from '#trainer/checkpointWriter';
import { canLimitFiles, withFileLimit } from '../disk/fileLimit.ts';

const digest = 'a'.repeat(64);
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-checkpoint-'));
  path = runFiles(folder).checkpoint;
});
afterEach(() => rmSync(folder, { recursive: true }));

const specs = { w: { shape: [2, 3] }, 'adam/m/w': { shape: [2, 3] }, 'adam/correction1': { shape: [] } };
const checkpoint = (step: number, best = true): RunCheckpoint => ({
  progress: { step, iteration: 1, best: { iteration: 1, loss: 0.1 + 0.2 }, testMetrics: [1 / 3, 1e-300], seconds: 1.5 },
  state: {
    w: Float32Array.of(1, -0, 1e-45, 3.4e38, 5, step),
    'adam/m/w': new Float32Array(6).fill(1 / 3),
    'adam/correction1': Float32Array.of(0.5),
  },
  best: best ? { w: new Float32Array(6).fill(7) } : null,
});

/** Does `work` on a full disk. */
const onFullDisk = <T>(work: () => T): T => withFileLimit(64, work);

describe('a checkpoint', () => {
  it('is read back bit for bit', () => {
    writeRunCheckpoint(path, specs, digest, checkpoint(40));
    expect(readRunCheckpoint(path, specs, digest)).toEqual(checkpoint(40));
    writeRunCheckpoint(path, specs, digest, checkpoint(41, false));
    expect(readRunCheckpoint(path, specs, digest)).toEqual(checkpoint(41, false));
  });

  it('is null if there is none', () => {
    expect(readRunCheckpoint(path, specs, digest)).toBeNull();
  });

  it('is refused when the run has other parameters now', () => {
    writeRunCheckpoint(path, specs, digest, checkpoint(1));
    const wider = { ...specs, w: { shape: [2, 4] } };
    expect(() => readRunCheckpoint(path, wider, digest)).toThrow(
      /has w \[2,3\]; this run needs \[2,4\]\. The config was changed/,
    );
    expect(() => readRunCheckpoint(path, { ...specs, b: { shape: [2] } }, digest)).toThrow(
      /has no b; this run needs \[2\]/,
    );
    const { 'adam/m/w': _, ...fewer } = specs;
    expect(() => readRunCheckpoint(path, fewer, digest)).toThrow(/has adam\/m\/w \[2,3\]; this run has no such tensor/);
  });

  it('is refused when its bytes are cut', () => {
    writeRunCheckpoint(path, specs, digest, checkpoint(1));
    truncateSync(path, readFileSync(path).length - 1);
    expect(() => readRunCheckpoint(path, specs, digest)).toThrow(expect.objectContaining({ code: 'weights' }));
  });

  it('is refused if it is another safetensors file', () => {
    writeBestWeights(path, specs, checkpoint(1).state, 1);
    expect(() => readRunCheckpoint(path, specs, digest)).toThrow(/is the checkpoint of another run/);
  });
});

describe('a damaged checkpoint', () => {
  it('is detected whichever bit has changed, and never read', () => {
    writeRunCheckpoint(path, specs, digest, checkpoint(40));
    const whole = readFileSync(path);
    expect(isCheckpointDamaged(path)).toBe(false);
    for (let bit = 3; bit < 8 * whole.length; bit += 61) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(path, bytes);
      expect(isCheckpointDamaged(path), `bit ${bit}`).toBe(true);
      expect(() => readTrained(path, { w: [2, 3] }, () => 'last'), `bit ${bit}`).toThrow(
        expect.objectContaining({ code: 'weights' }),
      );
    }
  });

  it('may also be truncated, too long or empty', () => {
    writeRunCheckpoint(path, specs, digest, checkpoint(40));
    const whole = readFileSync(path);
    for (const bytes of [
      whole.subarray(0, -1),
      Buffer.concat([whole, Buffer.alloc(1)]),
      Buffer.alloc(0),
      Buffer.alloc(7),
    ]) {
      writeFileSync(path, bytes);
      expect(isCheckpointDamaged(path)).toBe(true);
    }
  });

  it('is not one of an earlier version, which has no seal', () => {
    const { progress, state } = checkpoint(40, false);
    const tensors = Object.fromEntries(
      Object.entries(state).map(([name, data]) => [
        name,
        { ...specs[name as keyof typeof specs], data: data as Float32Array },
      ]),
    );
    writeFileSync(
      path,
      Buffer.concat([...safetensorsChunks(tensors, { 'permafrost.progress': JSON.stringify(progress) })]),
    );
    expect(isCheckpointDamaged(path)).toBe(false);
    expect(readRunCheckpoint(path, specs, digest)).toEqual(checkpoint(40, false));
  });
});

it("another run's checkpoint is refused", () => {
  writeRunCheckpoint(path, specs, 'b'.repeat(64), checkpoint(40));
  expect(isCheckpointDamaged(path)).toBe(false);
  expect(() => readRunCheckpoint(path, specs, digest)).toThrow(
    /is the checkpoint of another run, or the run's config was changed/,
  );
});

describe('a write that fails', () => {
  it.skipIf(!canLimitFiles)('leaves the previous checkpoint but no draft, and says what to do', () => {
    writeRunCheckpoint(path, specs, digest, checkpoint(1));
    expect(() => onFullDisk(() => writeRunCheckpoint(path, specs, digest, checkpoint(2)))).toThrow(
      /checkpoint\.safetensors could not be written: .*EFBIG.*Raise the limit/,
    );
    expect(readRunCheckpoint(path, specs, digest)?.progress.step).toBe(1);
    expect(readdirSync(folder)).toEqual(['checkpoint.safetensors']);
  });

  it('names the folder if it is gone', () => {
    const gone = join(folder, 'gone', 'checkpoint.safetensors');
    expect(() => writeRunCheckpoint(gone, specs, digest, checkpoint(1))).toThrow(
      expect.objectContaining({ code: 'disk', message: expect.stringContaining(join(folder, 'gone')) }),
    );
  });
});

describe('a checkpoint writer', () => {
  const open = (now?: () => number) => {
    const files = runFiles(folder);
    const journal = openJournal(files.journal);
    return { files, journal, writer: openCheckpointWriter(files, specs, digest, journal, now) };
  };
  const kinds = () =>
    [...readEntries(runFiles(folder).journal)].map(({ body }) =>
      body.kind === 'log' ? `${body.level}: ${body.text}` : body.kind,
    );

  it('writes checkpoint and best weights, and records that in the journal', () => {
    const { files, writer } = open();
    expect(writer.save(checkpoint(5))).toEqual({ saved: true });
    expect(kinds()).toEqual(['checkpoint']);
    const { metadata, tensors } = readSafetensors(bytesSource(readFileSync(files.best)));
    expect(metadata).toEqual({ iteration: '1', 'permafrost.sha256': expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect([...tensors.keys()]).toEqual(['w']);
  });

  it.skipIf(!canLimitFiles)(
    'warns once while the disk takes no more, keeps the checkpoint before, and says when it works again',
    () => {
      const { writer } = open();
      writer.save(checkpoint(5));
      for (const step of [6, 7]) expect(withFileLimit(700, () => writer.save(checkpoint(step))).saved).toBe(false); // room for the journal
      expect(readRunCheckpoint(path, specs, digest)?.progress.step).toBe(5);
      writer.save(checkpoint(8));
      expect(readRunCheckpoint(path, specs, digest)?.progress.step).toBe(8);
      expect(kinds()).toEqual([
        'checkpoint',
        expect.stringMatching(/^warn: .*larger than this system allows.*Training continues/),
        'info: Checkpoints can be written again.',
        'checkpoint',
      ]);
    },
  );

  it('writes the best weights later if they could not be written at first', () => {
    const { files, writer } = open();
    mkdirSync(files.best);
    expect(writer.save(checkpoint(5)).saved).toBe(false);
    rmSync(files.best, { recursive: true });
    expect(writer.save(checkpoint(6)).saved).toBe(true);
    expect(existsSync(files.best)).toBe(true);
  });

  it('is due 30 seconds after the last checkpoint', () => {
    let now = 0;
    const { writer } = open(() => now);
    now = 30_000;
    expect(writer.isDue()).toBe(false);
    now = 30_001;
    expect(writer.isDue()).toBe(true);
    writer.save(checkpoint(5));
    expect(writer.isDue()).toBe(false);
  });

  it('waits longer if writing takes long: it takes at most a twentieth of the time', () => {
    let now = 0;
    const { writer } = open(() => {
      now += 2000; // at every reading of the clock, so one save takes 2 s
      return now;
    });
    writer.save(checkpoint(5));
    const saved = now;
    while (!writer.isDue());
    expect(now - saved).toBeGreaterThan(40_000);
    expect(now - saved).toBeLessThan(45_000);
  });
});
