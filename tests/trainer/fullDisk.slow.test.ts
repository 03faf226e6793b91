/** Trainers on a full disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSmallDisk, type SmallDisk, whyNoSmallDisk } from '../disk/smallDisk.ts';
import {
  endOf,
  entriesOf,
  finishRun,
  isKind,
  type Lab,
  mainFile,
  openLab,
  outcomeOf,
  type Run,
  startTrainer,
} from './lab.ts';

if (whyNoSmallDisk) console.log(`Skipped: ${whyNoSmallDisk}.`);
describe.skipIf(whyNoSmallDisk)('a disk that is full', () => {
  let disk: SmallDisk;
  let lab: Lab;
  let whole: Run;
  beforeAll(async () => {
    disk = openSmallDisk(8);
    lab = openLab(disk.folder);
    whole = lab.addRun('enough space');
    await finishRun(whole);
  });
  afterAll(() => disk.remove());

  it('when a trainer starts makes the run wait for space instead of crashing', async () => {
    const run = lab.addRun('starts');
    const free = disk.fill();
    const trainer = startTrainer(run);
    while (!trainer.printed().includes('Waiting')) await sleep(20);
    free();
    expect(await trainer.exit).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/The disk is full\. Free some space/),
    });
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
  });

  it('when a run ends delays its result instead of losing it', async () => {
    const run = lab.addRun('ends');
    const trainer = startTrainer(run);
    await trainer.entry(isKind('started'));
    const free = disk.fill();
    while (!trainer.printed().includes('last entries will be written when')) await sleep(20);
    free();
    expect(await trainer.exit).toMatchObject({ code: 0 });
    expect(endOf(run).result).toEqual({ ...endOf(whole).result, seconds: expect.any(Number) });
  });

  it('ends no trainer that prints to it', async () => {
    const run = lab.addRun('prints');
    const log = openSync(run.files.log, 'a');
    const free = disk.fill();
    const trainer = spawn(process.execPath, [mainFile, run.folder], { stdio: ['ignore', log, log] });
    await sleep(1500); // it says that it waits, which the disk refuses
    free();
    while (!entriesOf(run).some(isKind('started'))) await sleep(5);
    const freeAgain = disk.fill();
    await sleep(1500); // and that its result waits
    expect(trainer.exitCode).toBeNull();
    freeAgain();
    expect(await once(trainer, 'exit')).toEqual([0, null]);
    closeSync(log);
    expect(endOf(run).result).toEqual({ ...endOf(whole).result, seconds: expect.any(Number) });
  });

  it('does not delay a trainer that is asked to end', async () => {
    const run = lab.addRun('asked');
    const free = disk.fill();
    const trainer = startTrainer(run);
    while (!trainer.printed().includes('Waiting')) await sleep(20);
    trainer.child.kill('SIGTERM');
    expect(await trainer.exit).toMatchObject({ code: 0 });
    free();
  });
});
