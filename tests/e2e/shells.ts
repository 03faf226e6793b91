/**
 * The ways in which the window is opened, behind one face for the tests: served to a browser, and as the built Electron
 * app — on the real binary where there is one, else on the stand-in.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { _electron, type Browser, chromium, type Page } from 'playwright-core';
import { electronBinary, projectFolder } from '#cli/desktop';
import { chromiumFlags, findChromium } from './chromium.ts';
import type * as standin from './standin/electron.ts';

export interface Shell {
  page: Page;
  /** Saves the download of a click; resolves to the file. */
  download(click: () => Promise<void>, folder: string): Promise<string>;
  /** Ends the app if it has not ended; resolves to its exit code. */
  end(): Promise<number | null>;
}
/** Electron's shell, with the abilities of a desktop app. */
export interface DesktopShell extends Shell {
  evaluate<A, T>(code: (electron: typeof standin, argument: A) => T, argument: A): Promise<T>;
  exited: Promise<number | null>;
}

const viewport = { width: 1360, height: 900 };
const exitOf = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('exit', resolve));

/** A browser's, whose server can be ended and started again on the same port. */
export interface ServedShell extends Shell {
  stopServer(): Promise<number | null>;
  startServer(): Promise<void>;
}

export async function openServed(home: string): Promise<ServedShell> {
  let { server, url } = await startServe(home, '0');
  const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags });
  const page = await browser.newPage({ viewport });
  await page.goto(url);
  const stopServer = async () => {
    const exit = exitOf(server);
    server.kill('SIGTERM');
    return exit;
  };
  return {
    page,
    download: (click, folder) => saved(page, click, folder),
    stopServer,
    async startServer() {
      ({ server, url } = await startServe(home, new URL(url).port));
    },
    async end() {
      await browser.close();
      return stopServer();
    },
  };
}

async function startServe(home: string, port: string): Promise<{ server: ChildProcess; url: string }> {
  const command = [join(projectFolder, 'bin', 'permafrost.js'), 'serve', '--port', port];
  const server = spawn(process.execPath, command, {
    env: { ...process.env, PERMAFROST_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(server.stdout).on('line', (line) => {
      const address = /http:\S+/.exec(line);
      if (address) resolve(address[0]);
    });
    server.once('exit', (code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { server, url };
}

export const openDesktop = (home: string): Promise<DesktopShell> => {
  const binary = electronBinary();
  return binary ? openElectron(binary, home) : openStandin(home);
};

async function openElectron(binary: string, home: string): Promise<DesktopShell> {
  const args = [projectFolder, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const app = await _electron.launch({
    executablePath: binary,
    args,
    env: { ...process.env, PERMAFROST_HOME: home } as Record<string, string>,
  });
  const exited = exitOf(app.process());
  return {
    page: await app.firstWindow(),
    exited,
    evaluate: (code, argument) => app.evaluate(code as never, argument as never),
    async download(click, folder) {
      const path = join(folder, `saved-${Date.now()}`);
      await app.evaluate(
        ({ session }, to) =>
          session.defaultSession.once('will-download', (_event, item) => {
            item.setSavePath(to);
            item.once('done', () => Reflect.set(globalThis, '__saved', true));
          }),
        path,
      );
      await click();
      while (!(await app.evaluate(() => Reflect.get(globalThis, '__saved') === true)))
        await app.windows()[0].waitForTimeout(50);
      await app.evaluate(() => Reflect.set(globalThis, '__saved', false));
      return path;
    },
    async end() {
      await app.close();
      return exited;
    },
  };
}

async function openStandin(home: string): Promise<DesktopShell> {
  const child = fork(join(import.meta.dirname, 'standin', 'start.ts'), {
    env: { ...process.env, PERMAFROST_HOME: home },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const exited = exitOf(child);
  const waiting = new Map<number, (value: never) => void>();
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { endpoint?: string; id?: number; value?: never }) => {
      if (message.endpoint) resolve(message.endpoint);
      else waiting.get(message.id!)?.(message.value!);
    });
    exited.then((code) => reject(new Error(`The main process ended with ${code}.`)));
  });
  let calls = 0;
  const evaluate: DesktopShell['evaluate'] = (code, argument) =>
    new Promise((resolve) => {
      const id = calls++;
      waiting.set(id, resolve);
      child.send({ id, code: String(code), argument });
    });
  const browser: Browser = await chromium.connectOverCDP(endpoint);
  const [context] = browser.contexts();
  const page = context.pages()[0];
  return {
    page,
    exited,
    evaluate,
    download: (click, folder) => saved(page, click, folder),
    async end() {
      if (child.connected) await evaluate(({ app }) => void setImmediate(() => app.exit(0)), null);
      return exited;
    },
  };
}

async function saved(page: Page, click: () => Promise<void>, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const coming = page.waitForEvent('download');
  await click();
  const download = await coming;
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}
