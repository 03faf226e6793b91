import type { Command } from 'commander';
import { PermafrostError } from '#contract/errors';
import { bytesText, countText, shortCountText, transferText } from '#contract/format';
import { numberHint, readDecimal } from '#contract/numbers';
import type { Services } from '#contract/services';
import { type DownloadProgress, filterModels, type ZooFilter, type ZooModel } from '#contract/zoo';
import { alignColumns, type CommandRow, pausable, print, readApp, withApp } from './command.ts';
import { barOf, openStatusLine } from './progress.ts';
import { wholeNumber } from './wholeNumber.ts';

const states: Record<ZooModel['state'], string> = { here: 'here', partial: 'interrupted', absent: '' };

const pullText = (name: string, progress: DownloadProgress): string =>
  `${name} ${barOf(progress.bytes, progress.total)}${transferText(progress)}`;

/** Runs `use` with the app, and first warns of unusable entries in the list of added models. */
const withZoo = <T>(use: (app: Services) => T | Promise<T>, open = withApp<T>): Promise<T> =>
  open((app) => {
    for (const warning of app.zoo.warnings()) console.error(`Warning: ${warning}`);
    return use(app);
  });

interface ListOptions {
  family?: string;
  language?: string;
  licence?: string;
  largest?: number;
  here?: true;
  json?: boolean;
}

function list(words: string[], { largest, json, ...options }: ListOptions) {
  const filter: ZooFilter = { ...options, text: words.join(' '), largest: largest && largest * 1e6 };
  return withZoo((app) => {
    const models = filterModels(app.zoo.list(), filter);
    const rows = models.map((m) => [
      m.name,
      m.family,
      String(m.layers),
      String(m.width),
      shortCountText(m.parameters.body),
      m.downloadBytes ? bytesText(m.downloadBytes) : '',
      m.language,
      m.licence ?? '',
      states[m.state],
    ]);
    const header = ['model', 'family', 'layers', 'width', 'parameters', 'download', 'language', 'licence', 'on disk'];
    print(json, { models }, () =>
      rows.length > 0 ? alignColumns(header, rows) : 'No model matches. permafrost zoo list shows all models.',
    );
  }, readApp);
}

/** Reads `--largest`. Throws `config`. */
function readMillions(text: string): number {
  const millions = readDecimal(text);
  if (millions !== null && millions > 0) return millions;
  throw new PermafrostError(
    'config',
    `--largest expects millions of parameters, e.g. 124.4; found "${text}".${numberHint(text)}`,
  );
}

const show = (name: string, { batch, json }: { batch: number; json?: boolean }) =>
  withZoo((app) => {
    const model = app.zoo.get(name);
    const fit = { frozen: app.zoo.fit(model.name, batch), unfrozen: app.zoo.fit(model.name, batch, false) };
    print(json, { ...model, fit }, () => {
      const rows: [string, string][] = [
        ['also called', model.aliases.join(', ')],
        ['source', `${model.source}${model.revision ? ` @ ${model.revision}` : ''}`],
        ['licence', model.licence ?? 'none stated'],
        ['language', model.language],
        [
          'body',
          `${model.family}, ${model.layers} layers × ${model.width}, ${model.heads} heads, ${model.positions} positions`,
        ],
        ['parameters', countText(model.parameters.body)],
        ['trained, frozen body', `${countText(model.parameters.frozen)} on ${model.countedOn.task} (FPT, FRT)`],
        ['trained, unfrozen body', `${countText(model.parameters.unfrozen)} on ${model.countedOn.task} (UPT, URT)`],
        [
          'memory, frozen body',
          `about ${bytesText(fit.frozen.bytes)} at batch ${batch}; fits in ${bytesText(fit.frozen.memory)}: ${fit.frozen.fits}`,
        ],
        [
          'memory, unfrozen body',
          `about ${bytesText(fit.unfrozen.bytes)} at batch ${batch}; fits in ${bytesText(fit.unfrozen.memory)}: ${fit.unfrozen.fits}`,
        ],
        ['download', model.downloadBytes ? bytesText(model.downloadBytes) : 'size unknown'],
        [
          'on disk',
          model.state === 'absent'
            ? `no; permafrost zoo pull ${model.name}`
            : `${bytesText(model.diskBytes)}, ${states[model.state]}`,
        ],
        ['weights', model.path ?? ''],
      ];
      const width = Math.max(...rows.map(([label]) => label.length));
      return [
        `${model.name}: ${model.about}`,
        ...rows.filter(([, text]) => text).map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
        ...model.warnings.map((warning) => `  ! ${warning}`),
      ].join('\n');
    });
  }, readApp);

const pull = (names: string[], { json }: { json?: boolean }) =>
  withZoo(async (app) => {
    const models = await pausable(`zoo pull ${names.join(' ')}`, async (signal) => {
      const pulled: ZooModel[] = [];
      for (const name of names) {
        const line = openStatusLine();
        pulled.push(
          await app.zoo
            .pull(name, { signal, onProgress: (progress) => line.show(pullText(name, progress)) })
            .finally(line.end),
        );
      }
      return pulled;
    });
    if (models) print(json, { models }, () => models.map(({ path }) => path).join('\n'));
  });

const remove = (names: string[], { json }: { json?: boolean }) =>
  withZoo(async (app) => {
    const removed = names.map((name) => app.zoo.get(name).name); // an unknown name throws before anything is removed
    let bytes = 0;
    for (const name of new Set(removed)) bytes += await app.zoo.rm(name);
    print(json, { removed, bytes }, () => `${removed.join(', ')} removed; ${bytesText(bytes)} freed.`);
  });

const verify = (names: string[], { json }: { json?: boolean }) =>
  withZoo(async (app) => {
    const chosen = names.length > 0 ? names : app.zoo.list().flatMap((m) => (m.state === 'here' ? [m.name] : []));
    const reports = [];
    for (const name of chosen) {
      const line = openStatusLine();
      reports.push(await app.zoo.verify(name, (progress) => line.show(pullText(name, progress))).finally(line.end));
    }
    const text = reports.map(({ name, problems, expected, bytes }) => {
      if (problems.length > 0) return `${name}: ${problems.join('; ')}`;
      return `${name}: ${bytesText(bytes)}, every weight fits the model${expected ? ', SHA-256 as published' : ''}`;
    });
    print(json, { reports }, () => text.join('\n'));
    if (reports.some(({ problems }) => problems.length > 0)) process.exitCode = 5;
  });

const add = (source: string, { json, ...options }: { name?: string; revision?: string; json?: boolean }) =>
  withZoo(async (app) => {
    const model = await app.zoo.add(source, options);
    const next = model.state === 'here' ? '' : ` Fetch its weights: permafrost zoo pull ${model.name}`;
    print(json, model, () => `${model.name} is in the zoo.${next}`);
  });

const subcommand = (zoo: Command, usage: string, text: string): Command =>
  zoo.command(usage).description(text).option('--json', 'print one JSON object');

export const zooCommand: CommandRow = {
  add(program) {
    const command = program.command('zoo').description('pretrained bodies: list, show, pull, rm, verify, add');
    subcommand(command, 'list', 'list models; with words, only models that contain all of them')
      .argument('[words...]', 'words in the name, description, language or licence')
      .option('--family <family>', 'GPT-2 or Vision Transformer')
      .option('--language <language>', 'language of the training data')
      .option('--licence <licence>', 'such as mit; "none stated" for models without one')
      .option('--largest <millions>', 'at most this many million parameters', readMillions)
      .option('--here', 'only models on this machine')
      .action(list);
    subcommand(command, 'show', "show a model's description, sizes and state on this machine")
      .argument('<name>')
      .option('--batch <n>', 'batch size for the memory estimate', wholeNumber('--batch', 1, 65536), 25)
      .action(show);
    subcommand(command, 'pull', 'fetch weights into the Hugging Face cache; continues an interrupted pull')
      .argument('<names...>')
      .action(pull);
    subcommand(
      command,
      'rm',
      'delete the files of models; an added model is removed from the list, and its folder stays',
    )
      .argument('<names...>')
      .action(remove);
    subcommand(command, 'verify', 'hash weight files, and compare them with their source and their config')
      .argument('[names...]', 'default: all models on this machine')
      .action(verify);
    subcommand(command, 'add', 'add a GPT-2 or ViT from Hugging Face (ORG/NAME) or a local folder')
      .argument('<source>')
      .option('--name <name>', 'its name in the zoo; by default the name of the repository or folder')
      .option('--revision <revision>', 'branch, tag or commit', 'main')
      .action(add);
  },
};
