/** The window: one page of ours, which can go nowhere else. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { app, BrowserWindow, protocol, session } from 'electron';
import type { Services } from '#contract/services';
import { createSite } from '#site/site';

const scheme = 'permafrost';
const home = `${scheme}://app/`;
export const isOurs = (url: string): boolean => url.startsWith(home);

/** Call before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

/** Serves the built renderer and the downloads under our scheme, and refuses everything that a page of ours never does. */
export function serveSite(rendererFolder: string, services: Services): void {
  const site = createSite(rendererFolder, services);
  protocol.handle(scheme, ({ url }) => {
    const { pathname, search, host } = new URL(url);
    if (host !== 'app') return new Response(null, { status: 404 });
    const { status, headers, body } = site(pathname + search);
    return new Response(Readable.toWeb(body) as ReadableStream, { status, headers });
  });
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => {
      if (!isOurs(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}

export async function openWindow(outFolder: string, icon: string): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    width: 1360,
    height: 900,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Permafrost',
    icon,
    webPreferences: {
      preload: join(outFolder, 'preload', 'index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  await window.loadURL(home);
  return window;
}
