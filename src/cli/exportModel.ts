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
      .description('write a trained network as ONNX or safetensors, and check the file')
      .argument('<id>', 'id of the run, or its first letters', asRunId)
      .argument('<file>', 'a file that ends in .onnx or .safetensors')
      .addOption(checkpointOption())
      .option('--external-data', 'ONNX: write the weights to FILE.data; models above 2 GB always do')
      .option('--json', 'print the files and the result of the check as one JSON object')
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
              leftOut.length ? `Left out, because they are unused: ${leftOut.join(', ')}.` : '',
              parity
                ? `Checked on ${parity.samples} test samples: logits differ from the run's own evaluation by at most ${numberText(parity.difference, 2)}.`
                : 'Checked: read back, every value equals the written one.',
              batch === null ? 'The model accepts any batch size.' : '',
              typeof batch === 'number'
                ? `The model accepts only batches of ${batch} samples, because its computation depends on the batch size.`
                : '',
            ]
              .filter(Boolean)
              .join('\n');
          });
        }),
      );
  },
};
