/** `permafrost data …`: lists, fetches, verifies, shows and removes data sets. */
import type { Command } from 'commander';
import { type DatasetInfo, downloadText, type PullProgress } from '#contract/data';
import { bytesText, countText, numberText, transferText } from '#contract/format';
import { alignColumns, type CommandRow, pausable, print, readApp, withApp } from './command.ts';
import { type ConfigOptions, readConfig, takesConfig } from './configOptions.ts';
import { printable } from './printable.ts';
import { barOf, openStatusLine } from './progress.ts';
import { wholeNumber } from './wholeNumber.ts';

interface Json {
  json?: boolean;
}

export const dataCommand: CommandRow = {
  add(program) {
    const group = program.command('data').description('data sets: list, pull, verify, rm, sample, split');
    for (const add of [addList, addPull, addVerify, addRm, addSample, addSplit]) add(group);
  },
};

function addList(group: Command): void {
  group
    .command('list')
    .description('list the data sets, their state on this machine, and their licences')
    .option('--json', 'print {"datasets": […]}')
    .action(({ json }: Json) =>
      readApp(async (app) => {
        const datasets = await app.data.list();
        const rows = datasets.map((info) => [
          info.name,
          info.state,
          downloadText(info),
          bytesText(info.diskBytes),
          info.tasks.join(' '),
          info.licence,
        ]);
        print(json, { datasets }, () =>
          [
            alignColumns(['name', 'state', 'download', 'on disk', 'tasks', 'licence'], rows),
            '',
            'ready: a run starts at once. present: the first run decodes it. absent or partial: permafrost data pull NAME.',
          ].join('\n'),
        );
      }),
    );
}

function addPull(group: Command): void {
  group
    .command('pull <name>')
    .description('download, verify and decode the missing files of a data set; continues an interrupted pull')
    .option('--from <folder>', 'use the files of this folder instead of downloading them')
    .option('--json', 'print the data set as one JSON object')
    .action((name: string, { from, json }: Json & { from?: string }) =>
      withApp(async (app) => {
        const line = openStatusLine();
        const info = await pausable(`data pull ${name}`, (signal) =>
          app.data
            .pull(name, { from, signal, onProgress: (progress) => line.show(pullText(progress)) })
            .finally(line.end),
        );
        if (info)
          print(
            json,
            info,
            () => `${info.title} is ${info.state}, ${bytesText(info.diskBytes)} on disk. ${licenceOf(info)}`,
          );
      }),
    );
}

function addVerify(group: Command): void {
  group
    .command('verify [name]')
    .description(
      'compare the files of a data set with their published sizes and digests; by default of all on this machine',
    )
    .option('--json', 'print {"datasets": {name: […]}}; exit code 5 if a file differs or is missing')
    .action((name: string | undefined, { json }: Json) =>
      withApp(async (app) => {
        const all = await app.data.list();
        const names = name ? [name] : all.filter(({ state }) => state !== 'absent').map((info) => info.name);
        const checked = await Promise.all(names.map(async (each) => [each, await app.data.verify(each)] as const));
        const rows = checked.flatMap(([each, files]) =>
          files.map(({ name: file, result, text }) => [each, file, result, text]),
        );
        if (rows.some(([, , result]) => result === 'differs' || result === 'missing')) process.exitCode = 5;
        print(json, { datasets: Object.fromEntries(checked) }, () =>
          rows.length ? alignColumns(['data set', 'file', 'result', ''], rows) : 'No data set is on this machine.',
        );
      }),
    );
}

function addRm(group: Command): void {
  group
    .command('rm <name>')
    .description('delete the downloaded files and the decoded data of a data set')
    .option('--json', 'print {"freedBytes", "kept"}')
    .action((name: string, { json }: Json) =>
      withApp(async (app) => {
        const before = (await app.data.list()).find((info) => info.name === name);
        const result = await app.data.rm(name);
        const linked = before?.place === 'linked' ? ` Its files stay in ${before.folder}.` : '';
        const kept = result.kept.length ? ` Kept, because no pull downloaded them: ${result.kept.join(', ')}.` : '';
        const freed = result.freedBytes > 0 ? `${bytesText(result.freedBytes)} freed` : 'no file had to be deleted';
        print(json, result, () => `${name} removed; ${freed}.${linked}${kept}`);
      }),
    );
}

function addSample(group: Command): void {
  takesConfig(group.command('sample').description('show test samples of a config as the model sees them'))
    .option('--count <n>', 'number of samples', wholeNumber('--count', 1, 64), 3)
    .option('--train', 'show training samples, with augmentation, instead of test samples')
    .option('--json', 'print {"kind", "tokens", "width", "samples"}')
    .action((file: string | undefined, options: ConfigOptions & Json & { count: number; train?: boolean }) =>
      withApp(async (app) => {
        const config = readConfig(file, options, app.config.catalogue());
        const split = options.train ? 'train' : 'test';
        const found = await app.data.samples(config, { split, count: options.count });
        const shown = (values: number[]) => {
          const first = values.slice(0, 12).map((value) => numberText(value, 3));
          return `${first.join(' ')}${values.length > first.length ? ' …' : ''}`;
        };
        print(options.json, found, () =>
          [
            `${found.tokens} tokens of ${found.width}, ${found.kind}`,
            ...found.samples.map(
              ({ x, y, label, text }) =>
                `${printable(label, 100) || shown(y)}: ${text ? `${printable(text, 500)}  ` : ''}${shown(x)}`,
            ),
          ].join('\n'),
        );
      }),
    );
}

function addSplit(group: Command): void {
  group
    .command('split <name>')
    .description('split a table of molecules by scaffold, as the Therapeutics Data Commons does')
    .requiredOption('--file <table>', 'TSV with the columns Drug (SMILES) and Y')
    .option('--json', 'print {"train", "valid"}: ascending row numbers from 0')
    .action((name: string, { file, json }: Json & { file: string }) =>
      readApp(async (app) => {
        const line = openStatusLine();
        const split = await app.data
          .split(name, file, (done, total) => line.show(`${barOf(done, total)}${done} of ${total} molecules`))
          .finally(line.end);
        print(json, split, () => `${split.train.length} train, ${split.valid.length} valid. --json prints the rows.`);
      }),
    );
}

const licenceOf = ({ licence }: DatasetInfo): string => `Licence: ${licence.replace(/\.$/, '')}.`;

/** The progress of a pull, in one line. */
function pullText(progress: PullProgress): string {
  if (progress.stage === 'download')
    return `${progress.file} ${barOf(progress.bytes, progress.total)}${transferText(progress)}`;
  const { done, total, unit } = progress;
  return `decoding ${barOf(done, total)}${countText(done)}${total === null ? '' : ` of ${countText(total)}`} ${unit}`;
}
