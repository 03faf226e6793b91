/**
 * The connection to the app: a WebSocket in the browser; in the Electron window the preload's channel behind the same interface, so
 * that one link serves both, and its subscriptions resume after a reconnect.
 */
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import type { AppRouter } from '#contract/router';

/** Set by the preload script; absent in a browser. */
interface Channel {
  open(listener: (kind: 'opened' | 'message' | 'closed', text: string) => void): void;
  send(text: string): void;
  close(): void;
}
declare global {
  interface Window {
    permafrost?: Channel;
  }
}

/** The part of WebSocket's interface that the link uses, over the channel. */
function channelSocket(channel: Channel) {
  return class ChannelSocket extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readyState: number = ChannelSocket.CONNECTING;

    constructor() {
      super();
      channel.open((kind, text) => {
        if (kind === 'message') this.dispatchEvent(new MessageEvent('message', { data: text }));
        else if (kind === 'closed') this.#end();
        else {
          this.readyState = ChannelSocket.OPEN;
          this.dispatchEvent(new Event('open'));
        }
      });
    }
    send(text: string): void {
      channel.send(text);
    }
    close(): void {
      channel.close();
      this.#end();
    }
    #end(): void {
      if (this.readyState === ChannelSocket.CLOSED) return;
      this.readyState = ChannelSocket.CLOSED;
      this.dispatchEvent(new CloseEvent('close'));
    }
  };
}

/** Milliseconds before the nth attempt to reconnect. */
const retryDelay = (attempt: number): number => Math.min(50 * 2 ** attempt, 3000);

export function connect(): TRPCClient<AppRouter> {
  const { permafrost, location } = window;
  const transport = permafrost
    ? { url: 'ws://window', WebSocket: channelSocket(permafrost) as unknown as typeof WebSocket }
    : { url: `ws://${location.host}/trpc`, keepAlive: { enabled: true, intervalMs: 20_000, pongTimeoutMs: 10_000 } };
  return createTRPCClient<AppRouter>({
    links: [wsLink({ client: createWSClient({ ...transport, retryDelayMs: retryDelay }) })],
  });
}
