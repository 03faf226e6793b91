/**
 * One client of the router, over a WebSocket or the channel of a window. To tRPC's own handler it looks like an accepted `ws` socket,
 * so both transports share one protocol with numbered events and reconnection. Open calls and unsent text are limited; a client that
 * exceeds a limit is disconnected.
 */
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getWSConnectionHandler, type WSSHandlerOptions } from '@trpc/server/adapters/ws';
import { PermafrostError } from '#contract/errors';
import { type AppRouter, appRouter } from '#contract/router';
import type { Services } from '#contract/services';

export interface Limits {
  /** Bytes of one message from the client. */
  message: number;
  /** Unanswered calls, including open subscriptions. */
  calls: number;
  subscriptions: number;
  /** Characters of unsent text beyond which subscriptions and queries wait. */
  highWater: number;
  /** Characters of unsent text beyond which the client is disconnected. */
  waiting: number;
  /** Milliseconds without any progress on the unsent text after which the client is disconnected. */
  patience: number;
}
export const limits: Limits = {
  ...{ message: 4 << 20, calls: 2000, subscriptions: 100 },
  ...{ highWater: 1 << 20, waiting: 64 << 20, patience: 30_000 },
};

/** Transport of text to a client. */
export interface Carrier {
  /** Resolves when the client has received the text; calls `moved` when it has received a part of it. */
  deliver(text: string, moved: () => void): Promise<void>;
  /** Ends the connection at once. */
  close(reason: string): void;
}

export interface Client {
  /** Call with each message of the client. */
  receive(data: Buffer, isBinary?: boolean): void;
  /** Call when the client has disconnected. */
  end(): void;
}

export interface ClientOptions {
  services: Services;
  carrier: Carrier;
  /** Called with the reason for disconnecting a client. */
  report(line: string): void;
  limits?: Limits;
}

/** Answers a client until it disconnects or exceeds a limit. */
export function connectClient({ services, carrier, report, limits: bounds = limits }: ClientOptions): Client {
  const socket = new ClientSocket(carrier, report, bounds);
  const connect = getWSConnectionHandler({
    router: appRouter,
    createContext: () => ({ services, drain: () => socket.turn() }),
    experimental_encoder: {
      encode: (answer: Answer) => socket.answer(answer),
      decode: (text: unknown) => socket.read(text),
    },
  } as unknown as WSSHandlerOptions<AppRouter>); // the type requires a WebSocket server, which this handler never uses
  connect(socket as unknown as Parameters<typeof connect>[0], { url: '/', headers: {} } as IncomingMessage);
  return socket;
}

type Id = string | number;
/** The fields of tRPC's messages that are read here; the client may send anything else. */
interface Call {
  id?: Id | null;
  method?: string;
}
interface Answer {
  id: Id | null;
  result?: { type: 'started' | 'data' | 'stopped' };
}
interface OpenCall {
  isSubscription: boolean;
  isStarted: boolean;
  /** The client stopped it. tRPC ignores a stop before the start, so it is repeated then. */
  isStopped: boolean;
}

/** Assumed overhead of each text, in characters. */
const overhead = 100;

class ClientSocket extends EventEmitter implements Client {
  readonly OPEN = 1;
  readyState = 1;
  readonly #carrier: Carrier;
  readonly #report: (line: string) => void;
  readonly #limits: Limits;
  readonly #calls = new Map<Id, OpenCall>();
  /** Ids of the calls in the current message. */
  #read: Id[] = [];
  #queue: string[] = [];
  #waiting = 0;
  #isSending = false;
  #moved = () => {};
  #turn: Promise<void> = Promise.resolve();

  constructor(carrier: Carrier, report: (line: string) => void, limits: Limits) {
    super();
    this.#carrier = carrier;
    this.#report = report;
    this.#limits = limits;
  }

  receive(data: Buffer, isBinary = false): void {
    if (data.length > this.#limits.message) this.#refuse(`sent a message of ${data.length} bytes`);
    else if (this.readyState === this.OPEN) this.emit('message', data, isBinary);
  }

  /** Reads a message and counts its calls. */
  read(text: unknown): unknown {
    if (typeof text !== 'string') throw new Error('Expected a text message; found a binary one.');
    const message = JSON.parse(text) as Call | Call[];
    this.#read = [];
    if (Array.isArray(message)) return message.filter((call) => this.#isForTrpc(call));
    return this.#isForTrpc(message) ? message : [];
  }

  #isForTrpc(call: Call | null): boolean {
    if (this.readyState !== this.OPEN) return false;
    const { id, method } = call ?? {};
    if (typeof id !== 'string' && typeof id !== 'number') throw new Error('Expected a call with an id; found none.');
    const open = this.#calls.get(id);
    if (method === 'subscription.stop') {
      if (open) open.isStopped = true;
      return open?.isStarted === true;
    }
    if (open) return this.#refuse(`used the id ${id} of an open call`);
    const isSubscription = method === 'subscription';
    this.#calls.set(id, { isSubscription, isStarted: false, isStopped: false });
    this.#read.push(id);
    const { calls, subscriptions } = this.#limits;
    if (this.#calls.size > calls) return this.#refuse(`has more than ${calls} open calls`);
    const live = () => [...this.#calls.values()].filter((call) => call.isSubscription).length;
    return !isSubscription || live() <= subscriptions || this.#refuse(`has more than ${subscriptions} subscriptions`);
  }

  /** Encodes an answer and removes the calls that it completes. */
  answer(answer: Answer): string {
    const { id, result } = answer;
    const open = id === null ? undefined : this.#calls.get(id);
    if (id === null)
      for (const read of this.#read) this.#calls.delete(read); // tRPC has refused the whole message
    else if (open && result?.type === 'started') {
      open.isStarted = true;
      if (open.isStopped) queueMicrotask(() => this.emit('message', Buffer.from(stopping(id)), false));
    } else if (!open?.isSubscription || result?.type !== 'data') this.#calls.delete(id);
    return JSON.stringify(answer);
  }

  send(text: string): void {
    if (this.readyState !== this.OPEN) return;
    if (text !== 'PONG') this.#queue.push(text);
    else if (this.#queue[0] !== text)
      this.#queue.unshift(text); // first, so that the client does not take a full queue for a dead connection
    else return;
    this.#waiting += text.length + overhead;
    if (this.#waiting > this.#limits.waiting) this.#refuse('does not read its answers');
    else void this.#deliver();
  }

  async #deliver(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const { patience } = this.#limits;
    const stall = setTimeout(() => this.#refuse(`has read nothing for ${patience / 1000} s`), patience).unref();
    try {
      for (let text = this.#queue.shift(); text !== undefined; text = this.#queue.shift()) {
        await this.#carrier.deliver(text, () => stall.refresh());
        stall.refresh();
        this.#waiting -= text.length + overhead;
        this.#moved();
      }
    } catch {
      this.end(); // the client disconnected meanwhile
    } finally {
      clearTimeout(stall);
      this.#isSending = false;
    }
  }

  /** Resolves when the client can receive more and other clients have had a turn. Throws if the client has disconnected. */
  turn(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      while (this.#waiting > this.#limits.highWater && this.readyState === this.OPEN)
        await new Promise<void>((resolve) => {
          this.#moved = resolve;
        });
      await nextTurn();
    });
    return this.#turn.then(() => {
      if (this.readyState !== this.OPEN) throw new PermafrostError('conflict', 'The client has disconnected.');
    });
  }

  #refuse(why: string): false {
    if (this.readyState !== this.OPEN) return false;
    this.#report(`A client was disconnected: it ${why}.`);
    this.#carrier.close(`The client ${why}.`);
    this.end();
    return false;
  }

  close(): void {
    this.#carrier.close('The server ends the connection.');
    this.end();
  }
  terminate(): void {
    this.close();
  }
  end(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    this.#queue = [];
    this.#waiting = 0;
    this.#moved();
    this.emit('close');
  }
}

const stopping = (id: Id): string => JSON.stringify({ id, method: 'subscription.stop' });
