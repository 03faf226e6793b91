import { type CheckpointChoice, headMap } from '#contract/analysis';
import { numberText } from '#contract/format';
import { pieces, writeChunks } from '#export/file';
import { mapCsv } from '#formats/mapCsv';
import { checkpointOption } from './checkpointOption.ts';
import { alignColumns, asRunId, type CommandRow, print, readApp, requireOneOutput } from './command.ts';
import { wholeNumber } from './wholeNumber.ts';

interface Options {
  checkpoint: CheckpointChoice;
  sample: number;
  layer: string;
  head: string;
  json?: boolean;
}

export const attentionCommand: CommandRow = {
  add(program) {
    program
      .command('attention')
      .description('show the attention weights of a trained run on one test sample')
      .argument('<id>', 'id of the run, or its first letters', asRunId)
      .argument('[file]', 'write the map as CSV; - for standard output')
      .addOption(checkpointOption())
      .option('--sample <n>', 'test sample, counted from 0', wholeNumber('--sample', 0), 0)
      .option('--layer <n>', 'layer, counted from 0', '0')
      .option('--head <n>', 'head, counted from 0; mean: the average over heads', 'mean')
      .option('--json', 'print the sample, the answer and all maps (layers × heads × tokens × tokens)')
      .action((name: string, file: string | undefined, options: Options) =>
        readApp(async (app) => {
          requireOneOutput(options.json, file);
          const { id } = app.runs.get(name);
          const { checkpoint, sample } = options;
          const { layers, ...found } = await app.analysis.attention(id, { checkpoint, sample });
          const { heads, tokens, data, score } = found;
          const layer = wholeNumber('--layer', 0, layers.length - 1)(options.layer);
          const head = options.head === 'mean' ? 'mean' : wholeNumber('--head', 0, heads - 1)(options.head);
          const map = headMap(layers[layer], heads, head);
          if (file && file !== '-') await writeChunks(file, pieces(mapCsv(map, tokens)));
          if (file === '-') return writeChunks('-', pieces(mapCsv(map, tokens)));
          print(options.json, { id, ...found, layers: layers.map((all) => nested(all, heads, tokens.length)) }, () => {
            const [{ y, label }] = data.samples;
            const at = `${found.checkpoint.name} (step ${found.checkpoint.step})`;
            const which = `layer ${layer} of ${layers.length}, ${head === 'mean' ? `mean of ${heads} heads` : `head ${head} of ${heads}`}`;
            const answer = found.answerLabel || found.answer.map((value) => numberText(value)).join(' ');
            return [
              file ? `Wrote ${file}.` : drawn(map, tokens),
              `\n${id}, ${at}, sample ${sample}: ${which}`,
              `correct answer ${label || y.join(' ')}; the network's answer ${answer} (${app.runs.get(id).result?.metric ?? 'metric'} ${numberText(score)})`,
            ].join('\n');
          });
        }),
      );
  },
};

const widest = 24; // tokens that fit next to each other in a terminal

/** The weights in percent, a line for each attending token. */
function drawn(map: Float32Array, tokens: readonly string[]): string {
  const t = tokens.length;
  if (t > widest)
    return `${t} tokens are too many for a terminal. Write the map to a file: permafrost attention ID map.csv.`;
  const rows = tokens.map((token, row) => [
    `${row}`,
    token,
    ...Array.from(map.subarray(row * t, (row + 1) * t), (weight) => String(Math.round(100 * weight))),
  ]);
  return `${alignColumns(['', 'token', ...tokens.map((_, i) => String(i))], rows)}\n\nPercent of each line's attention that goes to the token of the column.`;
}

/** Flat [heads, t, t] → nested arrays. */
const nested = (weights: Float32Array, heads: number, t: number): number[][][] =>
  Array.from({ length: heads }, (_, head) =>
    Array.from({ length: t }, (_, row) => Array.from(weights.subarray((head * t + row) * t, (head * t + row + 1) * t))),
  );
