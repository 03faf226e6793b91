/** An app with an empty home, and the form of its page *New run* before anything is chosen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#app';
import { firstDraft } from '#renderer/pages/newRun/draft';

export async function openFormApp() {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-form-'));
  const app = await createApp({ home });
  const catalogue = app.config.catalogue();
  return {
    app,
    catalogue,
    first: firstDraft(catalogue),
    async close() {
      await app.close();
      rmSync(home, { recursive: true });
    },
  };
}
