/**
 * Stands in for the `electron` module where its binary is not available: the part that our main process uses. A window is
 * a page of Chromium, a scheme is a server on the loopback interface, messages go through a binding of the page.
 * Not covered: a real isolated world, native menus, trays and dialogs. Dialogs answer what `dialog.answer` says.
 */
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { chromiumFlags, findChromium } from '../chromium.ts';
import { pageScript } from './page.ts';

const preventable = (more: object = {}) => ({
  defaultPrevented: false,
  preventDefault() {
    this.defaultPrevented = true;
  },
  ...more,
});

const profile = mkdtempSync(join(tmpdir(), 'permafrost-window-'));
let browser: BrowserContext;
let isReady = (): void => {};
const ready = new Promise<void>((resolve) => {
  isReady = resolve;
});

class App extends EventEmitter {
  whenReady = () => ready;
  getAppPath = () => join(import.meta.dirname, '..', '..', '..');
  requestSingleInstanceLock = () => true;
  quit(): void {
    const event = preventable();
    this.emit('before-quit', event);
    if (!event.defaultPrevented) this.exit(0);
  }
  exit(code: number): void {
    void browser.close().finally(() => {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      process.exit(code);
    });
  }
}
export const app = new App();
export const ipcMain = new EventEmitter();

/** Starts the browser; tells where it can be watched, and that the app is ready. */
export async function begin(): Promise<string> {
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: [...chromiumFlags, '--remote-debugging-port=0'],
    viewport: null,
    acceptDownloads: true,
  });
  const [port] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
  isReady();
  return `http://127.0.0.1:${port}`;
}

/** Schemes by the origin that serves them. */
const origins = new Map<string, string>();
let isServing = (): void => {};
const serving = new Promise<void>((resolve) => {
  isServing = resolve;
});
const outer = (url: string) => {
  const { protocol: scheme, pathname, search, hash } = new URL(url);
  return `${origins.get(scheme)}${pathname}${search}${hash}`;
};
const inner = (url: string) => {
  const scheme = [...origins].find(([, origin]) => url.startsWith(`${origin}/`));
  return scheme ? `${scheme[0]}//app${url.slice(scheme[1].length)}` : url;
};
export const protocol = {
  registerSchemesAsPrivileged() {},
  handle(scheme: string, answer: (request: Request) => Response | Promise<Response>) {
    const server = createServer(async ({ url, method }, to) => {
      const response = await answer(new Request(`${scheme}://app${url}`, { method }));
      to.writeHead(response.status, Object.fromEntries(response.headers));
      if (response.body && method !== 'HEAD') Readable.fromWeb(response.body as never).pipe(to);
      else to.end();
    }).listen(0, '127.0.0.1', () => {
      origins.set(`${scheme}:`, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      isServing();
    });
  },
};
export const session = {
  defaultSession: { setPermissionRequestHandler() {}, setPermissionCheckHandler() {}, setDevicePermissionHandler() {} },
};

class WebContents extends EventEmitter {
  mainFrame = { url: '' };
  opens: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
  readonly #window: BrowserWindow;
  constructor(window: BrowserWindow) {
    super();
    this.#window = window;
  }
  setWindowOpenHandler(handler: typeof this.opens) {
    this.opens = handler;
  }
  isDestroyed = () => !windows.has(this.#window);
  send(channel: string, ...args: unknown[]) {
    const deliver = (message: [string, unknown[]]) => Reflect.get(globalThis, '__fromMain')?.(...message);
    this.#window.page?.evaluate(deliver, [channel, args] as [string, unknown[]]).catch(() => {}); // the page may be closing
  }
}

const windows = new Set<BrowserWindow>();
interface WindowOptions {
  width: number;
  height: number;
  webPreferences: { preload: string; sandbox: boolean; contextIsolation: boolean; nodeIntegration: boolean };
}

export class BrowserWindow extends EventEmitter {
  static getAllWindows = () => [...windows];
  page: Page | null = null;
  readonly webContents = new WebContents(this);
  readonly options: WindowOptions;
  #shown = false;
  constructor(options: WindowOptions) {
    super();
    this.options = options;
    windows.add(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  async loadURL(url: string) {
    await serving;
    const page = await this.#open();
    this.webContents.mainFrame.url = url;
    await page.goto(outer(url));
    this.emit('ready-to-show');
  }
  async #open(): Promise<Page> {
    const { width, height, webPreferences } = this.options;
    const page = browser.pages()[0] ?? (await browser.newPage());
    this.page = page;
    await page.setViewportSize({ width, height });
    await page.exposeBinding('__toMain', ({ frame }, channel: string, args: unknown[]) => {
      const { mainFrame } = this.webContents;
      const senderFrame = frame === page.mainFrame() ? mainFrame : { url: inner(frame.url()) };
      ipcMain.emit(channel, { sender: this.webContents, senderFrame }, ...args);
    });
    await page.addInitScript(pageScript(readFileSync(webPreferences.preload, 'utf8')));
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.webContents.mainFrame.url = inner(frame.url());
    });
    page.on('popup', (popup) => {
      if (this.webContents.opens({ url: popup.url() }).action === 'deny') void popup.close();
    });
    await page.route(
      (url) => ![...origins.values()].includes(url.origin),
      (route) => {
        const event = preventable({ url: inner(route.request().url()) });
        this.webContents.emit('will-navigate', event);
        return event.defaultPrevented ? route.abort() : route.continue();
      },
    );
    return page;
  }
  show() {
    this.#shown = true;
  }
  hide() {
    this.#shown = false;
  }
  focus() {}
  isVisible = () => this.#shown;
  close() {
    const event = preventable();
    this.emit('close', event);
    if (event.defaultPrevented) return;
    windows.delete(this);
    void this.page?.close();
    this.webContents.emit('destroyed');
    this.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  }
}

export const dialog = {
  /** Index of the button to press, and the recorded question. */
  answer: 0,
  asked: [] as string[],
  async showMessageBox({ message }: { message: string }) {
    this.asked.push(message);
    return { response: this.answer };
  },
  showErrorBox: (title: string, text: string) => console.error(`${title}: ${text}`),
};

interface MenuRow {
  label?: string;
  click?(): void;
  submenu?: MenuRow[];
}
export class Menu {
  static application: Menu | null = null;
  static setApplicationMenu(menu: Menu) {
    Menu.application = menu;
  }
  static getApplicationMenu = () => Menu.application;
  static buildFromTemplate = (rows: MenuRow[]) => new Menu(rows);
  readonly items: MenuRow[];
  constructor(items: MenuRow[]) {
    this.items = items;
  }
}
export class Tray extends EventEmitter {
  setToolTip() {}
  setContextMenu() {}
}
