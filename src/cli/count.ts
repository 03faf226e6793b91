import { isWebgpu } from '#contract/config';
import { bytesText, countText, percentText } from '#contract/format';
import { type CommandRow, print, readApp } from './command.ts';
import { type ConfigOptions, readConfig, takesConfig } from './configOptions.ts';

export const countCommand: CommandRow = {
  add(program) {
    takesConfig(
      program
        .command('count')
        .description(
          'count the parameters of a config, without allocating them, and with device webgpu its memory on the graphics card',
        ),
    )
      .option('--json', 'print {"trainable", "total", "gpu": {"bytes", "problem"} or null}')
      .action((file: string | undefined, options: ConfigOptions & { json?: boolean }) =>
        readApp(async (app) => {
          const config = readConfig(file, options, app.config.catalogue());
          const { trainable, total } = app.config.count(config);
          const gpu = isWebgpu(config.device) ? await app.config.gpuMemory(config) : null;
          print(options.json, { trainable, total, gpu }, () =>
            [
              `${countText(trainable)} of ${countText(total)} parameters are trained (${percentText(trainable / total, 3)}).`,
              ...(gpu?.bytes ? [`The run takes ${bytesText(gpu.bytes)} on the graphics card.`] : []),
              ...(gpu?.problem ? [gpu.problem] : []),
            ].join('\n'),
          );
        }),
      );
  },
};
