import { resolve } from 'node:path';
import { readCheckpoint } from './attention.ts';
import { asRunId, bytes, type CommandRow, number, print, readApp } from './command.ts';

interface Options {
  checkpoint: string;
  externalData?: boolean;
  json?: boolean;
}

export const exportModel: CommandRow = {
  add(program) {
    program
      .command('export-model')
      .description('write a trained network as an ONNX model or as safetensors, and check what was written')
      .argument('<id>', 'the run, or the beginning of its id', asRunId)
      .argument('<file>', 'ends with .onnx or .safetensors')
      .option('--checkpoint <which>', 'start, best, last, or the step of one of these', 'best')
      .option('--external-data', 'ONNX: keep the weights in FILE.data, as is always done above 2 GB')
      .option('--json', 'print what was written and how it was checked')
      .action((name: string, file: string, { checkpoint, externalData, json }: Options) =>
        readApp(async (app) => {
          const { id } = app.runs.get(name);
          const options = { checkpoint: readCheckpoint(checkpoint), externalData };
          const made = await app.analysis.exportModel(id, resolve(file), options);
          print(json, { id, ...made }, () => {
            const { files, tensors, parameters, parity, batch, leftOut } = made;
            return [
              `${files.map((each) => `${each.path} (${bytes(each.bytes)})`).join(' and ')}`,
              `${id} at ${made.checkpoint.name} (step ${made.checkpoint.step}): ${tensors} tensors, ${parameters.toLocaleString('en')} parameters.`,
              leftOut.length ? `Left out, since nothing computes with it: ${leftOut.join(', ')}.` : '',
              parity
                ? `Checked on ${parity.samples} test samples: logits differ from the run's own evaluation by at most ${number(parity.difference, 2)}.`
                : 'Checked: every value read back is the one that was written.',
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
