/** The `permafrost` command: parses arguments, reports errors and sets the exit code. */
import { CommanderError } from 'commander';
import { describeError, type ErrorCode } from '#contract/errors';
import { brokenPipe, outputProblem, watchOutput } from './output.ts';
import { printableLines } from './printable.ts';
import { createProgram } from './program.ts';

/** Exit codes by error code. A command that works but whose runs do not finish also exits with 3. */
const exitCodesOf: Record<ErrorCode | 'internal', number> = {
  internal: 1,
  trace: 1,
  config: 2,
  nan: 3,
  notFound: 4,
  conflict: 4,
  data: 5,
  weights: 5,
  device: 5,
  disk: 5,
  network: 5,
  cluster: 5,
  store: 5,
};

const longestLine = 1000; // a message may quote a text of any length

/** Prints the error, with --json also as JSON on standard output, and returns the exit code. */
function fail(error: unknown): number {
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) return 0; // after --help or --version
  const { code, message } = isUsage ? usageProblem(error) : describeError(error);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code, message } }));
  if (!isUsage) console.error(printableLines(message, longestLine)); // commander has printed usage errors already
  if (code === 'internal') console.error(printableLines((error as Error).stack ?? '', longestLine));
  return exitCodesOf[code];
}

const usageProblem = ({ message }: CommanderError): { code: ErrorCode; message: string } => ({
  code: 'config',
  message:
    message === '(outputHelp)'
      ? 'Expected a command; found none. permafrost --help lists the commands.'
      : message.replace(/^error: /, ''),
});

watchOutput();
try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(await outputProblem())) process.exitCode = fail(error);
}
const problem = await outputProblem();
if (problem === 'closed') process.exitCode = brokenPipe;
else if (problem) process.exitCode = fail(problem);
