/** The training speed of this machine, measured once in a separate process and kept in the home. */
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '#disk/atomicFile';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { calibrations, type StepTimes } from '#trainer/calibrations';
import { runtimeEnvironment } from '#trainer/environment';
import { costNames, costOf, fitSpeed, type MachineSpeed, type RunCost, type TimedStep } from './runCost.ts';

export interface SpeedMeter {
  /** Null until it is measured. */
  speed(): MachineSpeed | null;
  /** Starts a measurement if the speed is unknown. Returns whether a measurement is running. */
  measure(): boolean;
  close(): void;
}

const speedFile = z.object({
  machine: z.string(),
  speed: z.object({
    ...{ start: z.number(), programs: z.number(), products: z.number() },
    ...{ values: z.number(), operations: z.number(), updates: z.number() },
  }),
});

/** A home that is moved to another machine is measured again. */
const machineName = (): string => `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'processor'}`;

interface SpeedMeterOptions {
  home: string;
  node?: string;
  /** Whether it may measure; otherwise it only reads a kept speed. */
  measures: boolean;
  /** No measurement starts while this is false. */
  isIdle(): boolean;
}

export function openSpeedMeter({ home, node, measures, isIdle }: SpeedMeterOptions): SpeedMeter {
  const path = join(home, 'cache', 'speed.json');
  let found = readSpeed(path);
  let child: ChildProcess | null = null;
  let hasFailed = false;
  return {
    speed: () => found,
    measure() {
      if (!measures || found || child || hasFailed || !isIdle()) return child !== null;
      child = timeCalibrations(join(home, 'cache'), node, (speed) => {
        child = null;
        hasFailed = speed === null;
        if (!speed) return;
        found = speed;
        keepSpeed(path, speed);
      });
      return true;
    },
    close: () => void child?.kill(),
  };
}

/** The kept speed; null if there is none of this machine. */
function readSpeed(path: string): MachineSpeed | null {
  try {
    const { machine, speed } = speedFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    return machine === machineName() ? speed : null;
  } catch {
    return null; // missing or unreadable: the speed is measured again
  }
}

function keepSpeed(path: string, speed: MachineSpeed): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true });
    writeAtomically(path, [Buffer.from(`${JSON.stringify({ machine: machineName(), speed }, null, 2)}\n`)]);
  } catch {
    // the next app measures the speed again
  }
}

/** Times the calibrations in a separate process. Calls `onEnd` with the speed, or with null if that failed. */
export function timeCalibrations(
  cache: string,
  node: string | undefined,
  onEnd: (speed: MachineSpeed | null) => void,
): ChildProcess {
  const program = join(import.meta.dirname, '..', 'trainer', 'timeSteps.ts');
  return execFile(node ?? process.execPath, [program, cache], { env: runtimeEnvironment() }, (error, out) =>
    onEnd(error ? null : speedOf(JSON.parse(out))),
  );
}

/** The speed that fits the times of the calibrations. */
export function speedOf(times: Record<string, StepTimes>): MachineSpeed {
  const timed: Partial<Record<keyof RunCost, TimedStep>> = {};
  for (const name of costNames) {
    const config = calibrations[name];
    if (!config) continue;
    const task = taskOf(config);
    const shape = task.shape(config);
    const one = { ...config, steps_per_iter: 1, test_steps_per_iter: 0, final_test_samples: 0 };
    timed[name] = {
      cost: costOf(one, buildModel(config, shape), shape, task.readsWholeBatches, 1),
      seconds: times[name].step,
    };
  }
  return fitSpeed(timed, processStart + times.values.start);
}
/** Seconds in which a trainer process loads its program. */
const processStart = 1;
