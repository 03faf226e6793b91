/** The window over a real app on a temporary home: the router in this process, the pages in happy-dom. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryHistory } from '@tanstack/react-router';
import { cleanup, configure, render } from '@testing-library/react';
import { createTRPCClient, unstable_localLink } from '@trpc/client';
import axe from 'axe-core';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { type AppRouter, appRouter } from '#contract/router';
import type { Services } from '#contract/services';
import { App } from '#renderer/App.tsx';

// printing the whole page at every failed look-up takes longer than everything else
configure({ getElementError: (message) => new Error(message ?? 'not there') });

/** A run of half a second. */
export const tiny = parseConfig({
  ...{ name: 'tiny', task: 'bit-xor', n: 5, num_patterns: 2, pretrained: false, device: 'cpu' },
  ...{ n_layer: 2, n_embd: 64, n_head: 4, n_positions: 8, body_dropout: 0, dropout: 0 },
  ...{ test_steps_per_iter: 50, final_test_samples: 100, num_iters: 2, steps_per_iter: 5, early_stop: null },
});

export interface TestWindow {
  app: Services;
  home: string;
  history: ReturnType<typeof createMemoryHistory>;
}

/** Opens a home, lets `prepare` fill it, and shows the window at an address. */
export async function openWindow(
  address: string,
  prepare: (app: Services) => string | Promise<string | undefined> | undefined = () => undefined,
): Promise<TestWindow & { close(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-window-'));
  const app = await createApp({ home });
  const at = (await prepare(app)) ?? address;
  const client = createTRPCClient<AppRouter>({
    links: [unstable_localLink({ router: appRouter, createContext: async () => ({ services: app, drain: () => {} }) })],
  });
  const history = createMemoryHistory({ initialEntries: [at] });
  render(<App client={client} history={history} />);
  return {
    app,
    home,
    history,
    async close() {
      cleanup();
      await app.close();
      rmSync(home, { recursive: true, maxRetries: 5 });
    },
  };
}

/** Serious violations that axe finds on the page; colours need a real browser. */
export async function seriousComplaints(): Promise<string[]> {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
