/** `permafrost verify`: checks a bundle and, with --rerun, trains its runs again and compares the results. */
import type { BundleReport, Rerun } from '#contract/bundle';
import { plural } from '#contract/format';
import { type CommandRow, print, withApp } from './command.ts';
import { printable } from './printable.ts';
import { exitCodeOf, follow } from './watch.ts';
import { wholeNumber } from './wholeNumber.ts';

/** Exit code for an invalid bundle, or a rerun with another result. */
const invalidBundle = 6;

export const verifyCommand: CommandRow = {
  add(program) {
    program
      .command('verify')
      .description('check a bundle: verify hashes and journals, and recompute results and verdicts from them')
      .argument('<bundle>', 'file made by permafrost export … FILE.zip')
      .option('--rerun', 'also train its runs again on this machine, and compare the results')
      .option(
        '--slots <n>',
        'how many runs may train at once with --rerun; they share the cores',
        wholeNumber('--slots', 1, 64),
        1,
      )
      .option('--json', 'print the report as one JSON object')
      .action((path: string, { rerun, slots, json }: { rerun?: boolean; slots: number; json?: boolean }) =>
        withApp(
          async (app) => {
            const report = await app.bundles.verify(path);
            if (report.problems.length > 0) process.exitCode = invalidBundle;
            if (!rerun || report.problems.length > 0) return print(json, report, () => reportText(report));
            const ids = (await app.bundles.rerun(path)).flatMap(({ id, outcome }) => (outcome === 'pending' ? id : []));
            const runs = await follow(app, ids);
            const reruns = await app.bundles.compare(path);
            process.exitCode = exitCodeOf(runs);
            if (reruns.some(({ outcome }) => outcome === 'different')) process.exitCode = invalidBundle;
            print(json, { ...report, reruns }, () => [reportText(report), '', ...reruns.map(rerunText)].join('\n'));
          },
          { slots, reads: !rerun }, // without --rerun the home need not be writable
        ),
      );
  },
};

function reportText({ made, digest, files, runs, table, problems, notes }: BundleReport): string {
  return [
    `Made ${made}, SHA-256 of its manifest ${digest}.`,
    ...problems.map((problem) => printable(problem, 1000)),
    ...notes.map((note) => `On this machine: ${note}`),
    problems.length
      ? `The bundle is invalid: ${plural(problems.length, 'problem')}.`
      : `The bundle is valid: ${plural(files, 'file')}, ${plural(runs.length, 'run')}${table ? `, the verdicts of ${table}` : ''}.`,
  ].join('\n');
}

const rerunText = ({ original, id, outcome, text }: Rerun): string => `${original} → ${id}  ${outcome}: ${text}`;
