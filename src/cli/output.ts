/** Errors of standard output, which Node reports asynchronously. */
import { PermafrostError } from '#contract/errors';

/** 128 + SIGPIPE: a shell's exit code for a program whose reader closed the pipe. */
export const brokenPipe = 141;

let problem: NodeJS.ErrnoException | null = null;

/** Remembers errors of standard output. Errors of standard error are ignored: runs continue without it. */
export function watchOutput(): void {
  process.stdout.on('error', (error) => {
    problem ??= error;
  });
  process.stderr.on('error', () => {});
}

/** The error of standard output after all is written: `closed` when its reader closed it, an error to print, or null. */
export async function outputProblem(): Promise<PermafrostError | 'closed' | null> {
  if (!problem) await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  if (!problem) return null;
  if (['EPIPE', 'EOF'].includes(problem.code ?? '')) return 'closed';
  return new PermafrostError(
    'disk',
    `Standard output could not be written: ${problem.message}. Free some space, or write to another place.`,
    { cause: problem },
  );
}
