/** The `permafrost` command: arguments in, exit code out. */
import { CommanderError } from 'commander';
import { describeError, type ErrorCode } from '#contract/errors';
import { brokenPipe, outputProblem, watchOutput } from './output.ts';
import { printableLines } from './printable.ts';
import { createProgram } from './program.ts';

/** Exit codes by error code; 3 is for runs that did not finish, which are no errors of the command. */
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

const longestLine = 1000; // of a message, which may quote anything

/** Ends with a message on stderr, and with the error as JSON on stdout where JSON was asked for. */
function fail(error: unknown): number {
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) return 0; // help or the version was asked for
  const { code, message } = isUsage ? usageProblem(error) : describeError(error);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code, message } }));
  if (!isUsage) console.error(printableLines(message, longestLine)); // commander has said it already
  if (code === 'internal') console.error(printableLines((error as Error).stack ?? '', longestLine));
  return exitCodesOf[code];
}

const usageProblem = ({ message }: CommanderError): { code: ErrorCode; message: string } => ({
  code: 'config',
  message: message === '(outputHelp)' ? 'No command. permafrost --help lists them.' : message.replace(/^error: /, ''),
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
