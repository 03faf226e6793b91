/** Attention maps and model exports, computed in separate processes; the newest maps are cached. */
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Analyst, createAnalyst } from '#analysis/jobs';
import type { AnalysisServices, Attention, ModelFormat } from '#contract/analysis';
import { PermafrostError } from '#contract/errors';
import type { RunServices } from '#contract/runServices';
import { runFiles } from '#runFolder/paths';
import { requireFiles } from './requireFiles.ts';

export interface AnalysisOptions {
  home: string;
  runs: Pick<RunServices, 'get'>;
  node?: string;
}

/** How many answers are cached, so that stepping through samples and layers computes none twice. */
const cachedAnswers = 6;

export function analysisServices({ home, runs, node }: AnalysisOptions): AnalysisServices & Pick<Analyst, 'close'> {
  const folderOf = (id: string): string => join(home, 'runs', runs.get(id).id);
  const analyst = createAnalyst(node);
  const answers: { key: string; samples: Attention[] }[] = [];
  const pending = new Map<string, Promise<Attention[]>>();
  return {
    async attention(id, { checkpoint = 'best', sample = 0 } = {}) {
      const folder = folderOf(id);
      requireFiles([{ folder, files: ['config'] }]);
      const key = [folder, checkpoint, writtenAt(runFiles(folder).checkpoint)].join();
      const known = answers.filter((answer) => answer.key === key).flatMap(({ samples }) => samples);
      const found = known.find((attention) => attention.sample === sample);
      if (found) return found;
      const job = `${key},${sample}`;
      const answer = pending.get(job) ?? analyst.ask('attention', { folder, home, checkpoint, sample });
      pending.set(job, answer);
      try {
        const samples = await answer;
        answers.unshift({ key, samples });
        answers.splice(cachedAnswers);
        return samples.find((attention) => attention.sample === sample)!;
      } finally {
        pending.delete(job);
      }
    },
    async exportModel(id, path, { checkpoint = 'best', externalData = false } = {}) {
      const folder = folderOf(id);
      requireFiles([{ folder, files: ['config'] }]);
      return analyst.ask('export', { folder, home, checkpoint, path: resolve(path), externalData });
    },
    close: analyst.close,
  };
}

/** When a checkpoint was last written: a running run replaces it. */
const writtenAt = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);

/**
 * The best weights of a run as one file, which is written and checked in a temporary folder, streamed, and deleted. Throws `config`
 * for an ONNX model above 2 GB.
 */
export async function* exportedChunks(
  analysis: AnalysisServices,
  id: string,
  format: ModelFormat,
): AsyncGenerator<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-export-'));
  try {
    const { files } = await analysis.exportModel(id, join(folder, `model.${format}`));
    if (files.length > 1)
      throw new PermafrostError(
        'config',
        `The network of ${id} is too large for one ONNX file. Use permafrost export-model, which writes two files, or export safetensors.`,
      );
    yield* createReadStream(files[0].path) as AsyncIterable<Buffer>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
