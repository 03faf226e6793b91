/**
 * The globals that Node, browsers and Electron all have: the only ones that pure rooms see.
 * Only tsconfig.pure.json includes this file; the other rooms have the full types of their runtime.
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare function atob(base64: string): string;
declare function btoa(binary: string): string;

declare const performance: { now(): number };
declare function setTimeout(call: (value?: unknown) => void, milliseconds: number): unknown;

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
