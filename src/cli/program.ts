/** The commands of `permafrost`, each a row with a file of its own, and the exit codes. */
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { attentionCommand } from './attention.ts';
import { benchCommand } from './bench.ts';
import type { CommandRow } from './command.ts';
import { configCommand } from './config.ts';
import { countCommand } from './count.ts';
import { dataCommand } from './data.ts';
import { devicesCommand } from './devices.ts';
import { pauseCommand, stopCommand } from './end.ts';
import { exportCommand } from './export.ts';
import { exportModelCommand } from './exportModel.ts';
import { frozenCommand } from './frozen.ts';
import { gpuCommand } from './gpu.ts';
import { listCommand } from './list.ts';
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
import { trashCommand } from './trash.ts';
import { verifyCommand } from './verify.ts';
import { zooCommand } from './zoo.ts';

const commands: CommandRow[] = [
  startCommand,
  serveCommand,
  runCommand,
  listCommand,
  showCommand,
  pauseCommand,
  stopCommand,
  resumeCommand,
  trashCommand,
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
  gpuCommand,
  configCommand,
  countCommand,
  dataCommand,
  zooCommand,
  rebuildCommand,
  benchCommand,
];

/** The meaning of each exit code. */
export const exitCodes = {
  0: 'done',
  1: 'bug',
  2: 'usage or config',
  3: 'a run did not finish',
  4: 'unknown name or conflicting state',
  5: 'files, data, network, device or cluster',
  6: 'invalid bundle',
  141: 'the reader closed the output',
};

/** A new parser with every command. */
export function createProgram(): Command {
  const program = new Command('permafrost')
    .description('A lab for frozen pretrained transformers.')
    .version(packageJson.version, '--version', 'print the version')
    .addHelpText('after', `\n${exitCodesText}\nPERMAFROST_HOME names the folder of runs, data and models.`)
    .showHelpAfterError('permafrost --help lists the commands, permafrost COMMAND --help the options of a command.')
    .exitOverride();
  for (const row of commands) row.add(program);
  return program;
}

const exitCodesText = `Exit codes: ${Object.entries(exitCodes)
  .map(([code, meaning]) => `${code} ${meaning}`)
  .join(', ')}.`;
