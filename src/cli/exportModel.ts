import { resolve } from 'node:path';
import type { CheckpointChoice } from '#contract/analysis';
import { bytesText, countText, numberText } from '#contract/format';
import { checkpointOption } from './checkpointOption.ts';
import { asRunId, type CommandRow, print, readApp } from './command.ts';

interface Options {
  checkpoint: CheckpointChoice;
  externalData?: boolean;
  json?: boolean;
}

export const exportModelCommand: CommandRow = {
  add(program) {
    program
      .command('export-model')
      .description('write a trained network as an ONNX model or as safetensors, and check what was written')
      .argument('<id>', 'the run, or the beginning of its id', asRunId)
      .argument('<file>', 'ends with .onnx or .safetensors')
      .addOption(checkpointOption())
      .option('--external-data', 'ONNX: keep the weights in FILE.data, as is always done above 2 GB')
      .option('--json', 'print what was written and how it was checked')
      .action((name: string, file: string, { checkpoint, externalData, json }: Options) =>
        readApp(async (app) => {
          const { id } = app.runs.get(name);
          const options = { checkpoint, externalData };
          const made = await app.analysis.exportModel(id, resolve(file), options);
          print(json, { id, ...made }, () => {
            const { files, tensors, parameters, parity, batch, leftOut } = made;
            return [
              `${files.map((each) => `${each.path} (${bytesText(each.bytes)})`).join(' and ')}`,
              `${id} at ${made.checkpoint.name} (step ${made.checkpoint.step}): ${tensors} tensors, ${countText(parameters)} parameters.`,
              leftOut.length ? `Left out, because no computation uses it: ${leftOut.join(', ')}.` : '',
              parity
                ? `Checked on ${parity.samples} test samples: logits differ from the run's own evaluation by at most ${numberText(parity.difference, 2)}.`
                : 'Checked: every value reads back as it was written.',
              batch === null ? 'Takes any number of samples at once.' : '',
              typeof batch === 'number'
                ? `Takes exactly ${batch} samples at once: its computation depends on their number.`
                : '',
            ]
              .filter(Boolean)
              .join('\n');
          });
        }),
      );
  },
};
