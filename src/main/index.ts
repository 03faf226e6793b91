/** The desktop app: owns the store and the trainers, shows one window, and stays in the tray while runs are queued or running. */
import { join } from 'node:path';
import { app, type BrowserWindow, dialog, Menu, type MenuItemConstructorOptions, Tray } from 'electron';
import { createApp } from '#app';
import { defaultHome } from '#app/home';
import { describeError } from '#contract/errors';
import type { Services } from '#contract/services';
import { serveWindow } from './ipc.ts';
import { plainNode } from './node.ts';
import { declareScheme, isOurs, openWindow, serveSite } from './window.ts';

const project = app.getAppPath();
const out = join(project, 'out');
const icon = join(project, 'resources', 'icon.png');

let services: Services | null = null;
let window: BrowserWindow | null = null;
let isEnding = false;

const countActiveRuns = (): number => {
  const { running, queued } = services?.queue.get() ?? { running: [], queued: [] };
  return running.length + queued.length;
};

async function show(): Promise<void> {
  if (window) {
    window.show();
    window.focus();
    return;
  }
  window = await openWindow(out, icon);
  // while runs are queued or running, closing hides the window; the tray or a second start shows it again
  window.on('close', (event) => {
    if (isEnding || countActiveRuns() === 0) return;
    event.preventDefault();
    window?.hide();
  });
  window.on('closed', () => {
    window = null;
  });
}

/** Quits the app; asks first if that would pause runs. */
async function quit(): Promise<void> {
  const runs = countActiveRuns();
  if (runs > 0) {
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: runs === 1 ? 'One run is running or queued.' : `${runs} runs are running or queued.`,
      detail: 'Quitting pauses them at a checkpoint. They can be resumed later.',
      buttons: ['Keep running', 'Pause and quit'],
      defaultId: 0,
      cancelId: 0,
    });
    if (response === 0) return;
  }
  isEnding = true;
  await services?.close();
  services = null;
  app.quit();
}

function menu(): void {
  const view: MenuItemConstructorOptions[] = [
    { role: 'reload' },
    { role: 'toggleDevTools' },
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
  ];
  const file: MenuItemConstructorOptions[] = [
    { label: 'Show window', click: () => void show() },
    { label: 'Quit', accelerator: 'CmdOrCtrl+Q', click: () => app.quit() },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      { label: 'Permafrost', submenu: file },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  );
  const tray = new Tray(icon);
  tray.setToolTip('Permafrost');
  tray.setContextMenu(Menu.buildFromTemplate(file));
  tray.on('click', () => void show());
}

async function begin(): Promise<void> {
  services = await createApp({ home: defaultHome(), node: plainNode(), measures: true });
  serveSite(join(out, 'renderer'), services);
  serveWindow(services, isOurs);
  menu();
  await show();
  services.queue.adoptOrphans();
}

declareScheme();
app.on('second-instance', () => void show());
app.on('activate', () => void show());
app.on('window-all-closed', () => {
  if (process.platform !== 'darwin') app.quit();
});
app.on('before-quit', (event) => {
  if (!services) return; // they are closed already, or were never opened
  event.preventDefault();
  void quit();
});
if (!app.requestSingleInstanceLock()) app.quit();
else {
  app
    .whenReady()
    .then(begin)
    .catch((error) => {
      dialog.showErrorBox('Permafrost cannot start', describeError(error).message);
      services = null;
      app.exit(1);
    });
}
