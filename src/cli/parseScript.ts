/** The command lines of the scripts of package.json. */
import { type Command, CommanderError } from 'commander';
import { describeError } from '#contract/errors';

/** Parses the arguments of this process. Answers --help, and exits with 2 and a sentence if they are wrong. */
export function parseScript(command: Command): Command {
  try {
    return command.showHelpAfterError(`${command.name()} --help lists the arguments.`).exitOverride().parse();
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : wrongArguments); // it has printed the reason
    return refuseArguments(error);
  }
}

/** Prints the reason and exits with 2. */
export function refuseArguments(error: unknown): never {
  console.error(describeError(error).message);
  process.exit(wrongArguments);
}

const wrongArguments = 2;
