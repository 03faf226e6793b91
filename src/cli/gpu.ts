/** `permafrost gpu …`: the libraries of device `cuda`. */

import type { CudaProgress } from '#contract/devices';
import { bytesText, transferText } from '#contract/format';
import { alignColumns, type CommandRow, pausable, print, readApp, withApp } from './command.ts';
import { barOf, openStatusLine } from './progress.ts';

interface Json {
  json?: boolean;
}

const licence = "NVIDIA's libraries come under NVIDIA's licence: https://docs.nvidia.com/cuda/eula";

const progressText = ({ stage, name, ...progress }: CudaProgress): string =>
  `${stage} ${name} ${barOf(progress.bytes, progress.total)}${transferText(progress)}`;

const install = ({ withoutDriver: untried, json }: Json & { withoutDriver?: boolean }) =>
  withApp(async ({ devices: { cuda } }) => {
    const line = openStatusLine();
    const again = `gpu install${untried ? ' --without-driver' : ''}`;
    const state = await pausable(again, async (signal) => {
      await cuda.install({ untried, signal, onProgress: (progress) => line.show(progressText(progress)) });
      return cuda.state();
    }).finally(line.end);
    if (!state) return;
    const result = untried ? 'Not tried on this machine.' : 'A trial on device cuda passed.';
    print(json, state, () => [`The CUDA libraries are in ${state.folder}. ${result}`, licence].join('\n'));
  });

const status = ({ json }: Json) =>
  readApp(({ devices: { cuda } }) => {
    const state = cuda.state();
    const { folder, installed, packages, driver, oldestDriver } = state;
    const rows = packages.map(({ name, version, bytes, here }) => [
      name,
      version,
      bytesText(bytes),
      here ? 'here' : '',
    ]);
    print(json, state, () =>
      [
        alignColumns(['package', 'version', 'download', 'on disk'], rows),
        '',
        `NVIDIA driver: ${driver ?? 'none'}; ${oldestDriver} or newer is needed.`,
        installed ? `Installed in ${folder}.` : 'Not installed: permafrost gpu install',
      ].join('\n'),
    );
  });

const remove = ({ json }: Json) =>
  withApp(async ({ devices: { cuda } }) => {
    const bytes = await cuda.remove();
    print(json, { bytes }, () =>
      bytes > 0
        ? `The CUDA libraries are removed; ${bytesText(bytes)} freed.`
        : 'There were no CUDA libraries to remove.',
    );
  });

export const gpuCommand: CommandRow = {
  add(program) {
    const command = program
      .command('gpu')
      .description('the CUDA libraries that device cuda needs: install, status, remove');
    command
      .command('install')
      .description(
        'fetch, verify and unpack the CUDA libraries, then try device cuda; continues an interrupted installation',
      )
      .option(
        '--without-driver',
        'for other machines that use this home: do not look for a driver here, and do not try the device',
      )
      .option('--json', 'print what is installed')
      .action(install);
    command
      .command('status')
      .description('list the CUDA libraries, and the NVIDIA driver')
      .option('--json', 'print one JSON object')
      .action(status);
    command
      .command('remove')
      .description('delete the CUDA libraries from this home')
      .option('--json', 'print {"bytes": …}')
      .action(remove);
  },
};
