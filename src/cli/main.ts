/** The `permafrost` command: arguments in, exit code out. Commands are rows of a table, one file each. */
import { Command, CommanderError } from 'commander';
import { describeError, type ErrorCode } from '#contract/errors';
import packageJson from '../../package.json' with { type: 'json' };
import { attentionCommand } from './attention.ts';
import { benchCommand } from './bench.ts';
import type { CommandRow } from './command.ts';
import { countCommand } from './count.ts';
import { dataCommand } from './data.ts';
import { devicesCommand } from './devices.ts';
import { exportCommand } from './export.ts';
import { exportModelCommand } from './exportModel.ts';
import { frozenCommand } from './frozen.ts';
import { listCommand } from './list.ts';
import { brokenPipe, outputProblem, watchOutput } from './output.ts';
import { printableLines } from './printable.ts';
import { rebuildCommand } from './rebuild.ts';
import { reproduceCommand } from './reproduce.ts';
import { resumeCommand } from './resume.ts';
import { runCommand } from './run.ts';
import { serveCommand } from './serve.ts';
import { showCommand } from './show.ts';
import { startCommand } from './start.ts';
import { sweepCommand } from './sweep.ts';
import { tablesCommand } from './tables.ts';
import { tagCommand } from './tag.ts';
import { verifyCommand } from './verify.ts';
import { zooCommand } from './zoo.ts';

const commands: CommandRow[] = [
  startCommand,
  serveCommand,
  runCommand,
  listCommand,
  showCommand,
  resumeCommand,
  tagCommand,
  frozenCommand,
  attentionCommand,
  exportCommand,
  exportModelCommand,
  verifyCommand,
  reproduceCommand,
  tablesCommand,
  sweepCommand,
  devicesCommand,
  countCommand,
  dataCommand,
  zooCommand,
  rebuildCommand,
  benchCommand,
];

/** Exit codes by error code; 3 is for runs that did not finish, which is no error of the command. */
const exitCodes: Record<ErrorCode | 'internal', number> = {
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
  store: 5,
};

const program = new Command('permafrost')
  .description('A lab for frozen pretrained transformers.')
  .version(packageJson.version, '--version', 'print the version')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 bug, 2 usage or config, 3 a run did not finish, 4 unknown name or conflicting state, 5 files, data, network or device, 6 invalid bundle, 141 the reader closed the output.\nPERMAFROST_HOME names the folder of runs, data and models.',
  )
  .showHelpAfterError('permafrost --help lists the commands, permafrost COMMAND --help what one takes.')
  .exitOverride();
for (const row of commands) row.add(program);

const longestLine = 1000; // of a message, which may quote anything

/** Ends with a message on stderr, and with the error as JSON on stdout where JSON was asked for. */
function fail(error: unknown): number {
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) return 0; // help or the version was asked for
  const { code, message } = isUsage ? usageProblem(error) : describeError(error);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code, message } }));
  if (!isUsage) console.error(printableLines(message, longestLine)); // commander has said it already
  if (code === 'internal') console.error(printableLines((error as Error).stack ?? '', longestLine));
  return exitCodes[code];
}

const usageProblem = ({ message }: CommanderError): { code: ErrorCode; message: string } => ({
  code: 'config',
  message: message === '(outputHelp)' ? 'No command. permafrost --help lists them.' : message.replace(/^error: /, ''),
});

watchOutput();
try {
  await program.parseAsync();
} catch (error) {
  if (!(await outputProblem())) process.exitCode = fail(error);
}
const problem = await outputProblem();
if (problem === 'closed') process.exitCode = brokenPipe;
else if (problem) process.exitCode = fail(problem);
