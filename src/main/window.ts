/** The window, which shows only our page and cannot navigate elsewhere. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { app, BrowserWindow, protocol, type Session, session, type WebContents } from 'electron';
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

/** Serves the built renderer and the downloads under our scheme; denies new windows, navigation and unneeded permissions. */
export function serveSite(rendererFolder: string, services: Services): void {
  const site = createSite(rendererFolder, services, console.error);
  protocol.handle(scheme, async ({ url, method, signal }) => {
    const { pathname, search, host } = new URL(url);
    if (host !== 'app') return new Response(null, { status: 404 });
    const { status, headers, body } = await site({ path: pathname + search, method, signal });
    return new Response(Readable.toWeb(body) as ReadableStream, { status, headers });
  });
  forbidPermissions(session.defaultSession);
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => {
      if (!isOurs(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}

/** The permissions that our page needs, to copy text and to notify of ended runs. */
const neededPermissions: readonly string[] = ['clipboard-sanitized-write', 'notifications'];

const isNeeded = (contents: WebContents | null, permission: string): boolean =>
  neededPermissions.includes(permission) && contents !== null && isOurs(contents.getURL());

/** Grants only needed permissions, both on request and on a check. */
function forbidPermissions(from: Session): void {
  from.setPermissionRequestHandler((contents, permission, answer) => answer(isNeeded(contents, permission)));
  from.setPermissionCheckHandler((contents, permission) => isNeeded(contents, permission));
  from.setDevicePermissionHandler(() => false);
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
