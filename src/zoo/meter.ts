/** Speed and time left of a transfer, from when bytes arrived. */
import type { DownloadProgress } from '#contract/zoo';

const window = 5000; // ms that the speed is an average over
const settling = 300; // ms before a speed is meaningful

/** Takes the bytes on the disk at a time (ms). `start` sets them without counting them as arrived, for resumed files. */
export interface Meter {
  start(bytes: number, at: number): void;
  progress(bytes: number, total: number | null, at: number): DownloadProgress;
}

export function createMeter(): Meter {
  let seen: { bytes: number; at: number }[] = [];
  return {
    start(bytes, at) {
      seen = [{ bytes, at }];
    },
    progress(bytes, total, at) {
      seen.push({ bytes, at });
      while (seen.length > 2 && at - seen[1].at > window) seen.shift();
      const [first] = seen;
      const elapsed = at - first.at;
      const bytesPerSecond = elapsed < settling ? null : ((bytes - first.bytes) * 1000) / elapsed;
      const secondsLeft = total !== null && bytesPerSecond ? Math.max(0, total - bytes) / bytesPerSecond : null;
      return { bytes, total, bytesPerSecond, secondsLeft };
    },
  };
}
