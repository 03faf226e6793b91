/** Errors of standard output, which Node reports asynchronously. */
import { PermafrostError } from '#contract/errors';

/** 128 + SIGPIPE: the exit code in a shell of a program whose reader has closed the pipe. */
export const brokenPipe = 141;

let problem: NodeJS.ErrnoException | null = null;

/** Records errors of standard output. Ignores errors of standard error, so that runs continue. */
export function watchOutput(): void {
  process.stdout.on('error', (error) => {
    problem ??= error;
  });
  process.stderr.on('error', () => {});
}

/** Waits until everything is written. Returns `closed` if the reader has closed the pipe, another error to print, or null. */
export async function outputProblem(): Promise<PermafrostError | 'closed' | null> {
  if (!problem) await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  if (!problem) return null;
  if (['EPIPE', 'EOF'].includes(problem.code ?? '')) return 'closed';
  return new PermafrostError(
    'disk',
    `Standard output could not be written: ${problem.message}. Free some space, or write to another disk.`,
    { cause: problem },
  );
}
