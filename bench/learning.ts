/** Does the quick profile learn? FRT with the quick body on MNIST, as `npm run reproduce` runs it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#app';
import { configsOf, table } from '#papers/expand';
import type { Bench } from './bench.ts';

export const learning: Bench = {
  title: 'FRT with the quick body learns MNIST',
  async run() {
    return {};
  },
  limits: { accuracy: '≥ 0.9' },
};
