/**
 * The router for the window: each page is one connection, which looks like an accepted WebSocket to tRPC's own handler.
 * So one protocol serves window and browser, with its numbered events and its reconnecting.
 */
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { getWSConnectionHandler, type WSSHandlerOptions } from '@trpc/server/adapters/ws';
import { type IpcMainEvent, ipcMain, type WebContents } from 'electron';
import { type AppRouter, appRouter } from '#contract/router';
import type { Services } from '#contract/services';

/** Answers pages whose address `isOurs`; messages of any other frame are ignored. */
export function serveWindow(services: Services, isOurs: (url: string) => boolean): void {
  const connect = getWSConnectionHandler({
    router: appRouter,
    createContext: () => ({ services, drain: () => {} }),
  } as unknown as WSSHandlerOptions<AppRouter>); // its type asks for a WebSocket server, which this part of it never touches
  const open = new Map<WebContents, PageSocket>();
  const isTrusted = ({ senderFrame, sender }: IpcMainEvent) =>
    senderFrame !== null && senderFrame === sender.mainFrame && isOurs(senderFrame.url);

  ipcMain.on('channel:open', (event) => {
    if (!isTrusted(event)) return;
    const { sender } = event;
    if (!open.has(sender)) sender.once('destroyed', () => open.get(sender)?.end());
    open.get(sender)?.end(); // the page was loaded again: its subscriptions are nobody's
    const socket = new PageSocket(sender);
    open.set(sender, socket);
    connect(socket as unknown as Parameters<typeof connect>[0], { url: '/', headers: {} } as IncomingMessage);
    sender.send('channel:opened', '');
  });
  ipcMain.on('channel:message', (event, text: unknown) => {
    if (isTrusted(event) && typeof text === 'string') open.get(event.sender)?.emit('message', Buffer.from(text), false);
  });
  ipcMain.on('channel:close', (event) => {
    if (isTrusted(event)) open.get(event.sender)?.end();
  });
}

/** As much of a `ws` socket as tRPC uses. */
class PageSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly #page: WebContents;
  constructor(page: WebContents) {
    super();
    this.#page = page;
  }
  send(text: string): void {
    this.#tell('channel:message', text);
  }
  close(): void {
    this.#tell('channel:closed', '');
    this.end();
  }
  terminate(): void {
    this.close();
  }
  /** The page is gone or has said goodbye. */
  end(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    this.emit('close');
  }
  #tell(name: string, text: string): void {
    if (this.readyState === this.OPEN && !this.#page.isDestroyed()) this.#page.send(name, text);
  }
}
