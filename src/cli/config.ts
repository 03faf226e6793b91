/** `permafrost config`: shows and changes the settings of the cluster, which are stored in the home. */
import { clusterFields, clusterSettings } from '#contract/cluster';
import { nearest, PermafrostError } from '#contract/errors';
import { readWhole } from '#contract/numbers';
import { alignColumns, type CommandRow, print, readApp, withApp } from './command.ts';

const prefix = 'cluster.';

export const configCommand: CommandRow = {
  add(program) {
    program
      .command('config')
      .description('show or change the settings of the cluster; cluster.partition= restores the default')
      .argument('[setting...]', 'such as cluster.partition=gpu')
      .option('--json', 'print {"cluster": {…}}')
      .action((changes: string[], { json }: { json?: boolean }) =>
        (changes.length > 0 ? withApp : readApp)((app) => {
          if (changes.length > 0) app.cluster.save(changed(app.cluster.settings(), changes));
          const settings = app.cluster.settings();
          print(json, { cluster: settings }, () =>
            alignColumns(
              ['setting', 'value', ''],
              clusterFields.map((field) => [
                prefix + field,
                JSON.stringify(settings[field]),
                clusterSettings.shape[field].description ?? '',
              ]),
            ),
          );
        }),
      );
  },
};

function changed(settings: Record<string, unknown>, changes: readonly string[]) {
  const next = { ...settings };
  for (const change of changes) {
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(change) ?? [];
    const field = clusterFields.find((each) => prefix + each === name);
    if (!field)
      throw new PermafrostError(
        'config',
        `Expected a setting such as cluster.partition=gpu; found "${change}". Did you mean ${nearest(
          name ?? change,
          clusterFields.map((each) => prefix + each),
        )}?`,
      );
    next[field] = value === '' ? undefined : typeof settings[field] === 'number' ? (readWhole(value) ?? value) : value;
  }
  const parsed = clusterSettings.safeParse(next);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new PermafrostError('config', `${prefix}${path.join('.')}: ${message}.`);
}
