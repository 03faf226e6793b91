/** Measures the speed of a transfer and estimates the time left. */
import type { DownloadProgress } from '#contract/zoo';

const window = 5000; // ms over which the speed is averaged
const settling = 300; // ms before the speed is meaningful

/** Both methods take the number of bytes on the disk at a time in ms. `start` does not count these bytes as transferred, which resumed files need. */
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
