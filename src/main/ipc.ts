/** Serves the router to the window: each page is one client, whose messages go through Electron's IPC. */
import { type IpcMainEvent, ipcMain, type WebContents } from 'electron';
import type { Services } from '#contract/services';
import { type Client, connectClient } from '#site/client';

/** A connected page. */
interface Page {
  client: Client;
  /** Call when the page has handled the last message. */
  taken(): void;
}

/** Serves pages whose address `isOurs`; ignores messages of other frames. */
export function serveWindow(services: Services, isOurs: (url: string) => boolean): void {
  const open = new Map<WebContents, Page>();
  const isTrusted = ({ senderFrame, sender }: IpcMainEvent) =>
    senderFrame !== null && senderFrame === sender.mainFrame && isOurs(senderFrame.url);
  const on = (channel: string, act: (event: IpcMainEvent, text: unknown) => void) =>
    ipcMain.on(channel, (event, text: unknown) => {
      if (isTrusted(event)) act(event, text);
    });

  on('channel:open', ({ sender }) => {
    if (!open.has(sender))
      sender.once('destroyed', () => {
        open.get(sender)?.client.end();
        open.delete(sender);
      });
    open.get(sender)?.client.end(); // after a reload, the old subscriptions have no reader
    open.set(sender, connectPage(sender, services));
    sender.send('channel:opened', '');
  });
  on('channel:message', ({ sender }, text) => {
    if (typeof text === 'string') open.get(sender)?.client.receive(Buffer.from(text));
  });
  on('channel:taken', ({ sender }) => open.get(sender)?.taken());
  on('channel:close', ({ sender }) => open.get(sender)?.client.end());
}

/** Sends each message when the page has handled the one before; waiting messages count towards the client's limits. */
function connectPage(page: WebContents, services: Services): Page {
  let taken = () => {};
  const tell = (name: string, text: string) => {
    if (!page.isDestroyed()) page.send(name, text);
  };
  const client = connectClient({
    services,
    report: console.error,
    carrier: {
      deliver: (text) =>
        new Promise((resolve) => {
          taken = resolve;
          tell('channel:message', text);
        }),
      close: (reason) => tell('channel:closed', reason),
    },
  });
  return { client, taken: () => taken() };
}
