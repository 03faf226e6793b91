/** Pulls a data set of one archive from a server and decodes it: `node pullProcess.ts URL SHA256`, in PERMAFROST_HOME. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '#contract/errors';
import type { DecodedRow } from '#zoo/dataset';
import { pullDataset } from '#zoo/pullDataset';

const [url, sha256] = process.argv.slice(2);
const samples = 2000;
const width = 1000;

const row: DecodedRow = {
  ...{ name: 'waves', title: 'Waves', licence: 'none', page: url, unpacked: [], testCounts: null, version: 1 },
  files: [{ name: 'waves.bin', url, sha256 }],
  layout: { type: 'u8', width },
  async decode(folder, writer) {
    const bytes = readFileSync(join(folder, 'waves.bin'));
    for (let i = 0; i < samples; i++) {
      writer.add(bytes.subarray(i * 100, i * 100 + width), i % 10);
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { train: Array.from({ length: samples - 100 }, (_, i) => i), test: [samples - 1] };
  },
};

try {
  await pullDataset(row, { home: process.env.PERMAFROST_HOME! });
} catch (error) {
  const { code, message } = describeError(error);
  console.error(message);
  process.exitCode = code === 'internal' ? 1 : 5;
}
