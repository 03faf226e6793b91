/** What becomes of the output: whether it could be written, which streams tell only afterwards. */
import { PermafrostError } from '#contract/errors';

/** 128 + SIGPIPE: what a shell says of a program whose reader went away. */
export const brokenPipe = 141;

let problem: NodeJS.ErrnoException | null = null;

/** Remembers what goes wrong with standard output. Nobody is left to hear that standard error is gone; runs go on without it. */
export function watchOutput(): void {
  process.stdout.on('error', (error) => {
    problem ??= error;
  });
  process.stderr.on('error', () => {});
}

/** What went wrong with standard output once all of it is written: `closed` where its reader went away, an error for people, or null. */
export async function outputProblem(): Promise<PermafrostError | 'closed' | null> {
  if (!problem) await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  if (!problem) return null;
  if (['EPIPE', 'EOF'].includes(problem.code ?? '')) return 'closed';
  return new PermafrostError(
    'disk',
    `Standard output could not be written: ${problem.message}. Make room, or write to another place.`,
    { cause: problem },
  );
}
