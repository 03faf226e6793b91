/**
 * Outputs of steps on their way to the host. Each step copies its own into a slot of a small buffer, and the first reader of a
 * slot brings all that are filled. There are two buffers: steps fill one while the other is read.
 */
import { type GpuBuffer, mapForReading, usage } from './gpu.ts';

export interface OutputSlot {
  buffer: GpuBuffer;
  /** First byte. */
  start: number;
  /** Waits for the step that fills it; gives a copy of its bytes. Once a buffer is read, later steps fill the other one. */
  read(): Promise<ArrayBuffer>;
}

/** Steps whose outputs share a buffer at most, and the bytes that they may take unless one takes more. */
const [mostSlots, mostBytes] = [32, 2 ** 20];

/** The steps that fill a buffer until somebody reads one of them. */
interface Filling {
  used: number;
  contents: Promise<ArrayBuffer> | null;
}

/** Slots of `bytes` bytes each, a multiple of 4. Their buffers belong to the caller. */
export function outputSlots(
  createBuffer: (of: { label: string; size: number; usage: number }) => GpuBuffer,
  bytes: number,
) {
  const slots = Math.max(1, Math.min(mostSlots, Math.floor(mostBytes / bytes)));
  const pages = [0, 1].map(() => ({
    buffer: createBuffer({ label: 'outputs', size: slots * bytes, usage: usage.mapRead | usage.copyTarget }),
    filling: { used: 0, contents: null } as Filling,
  }));
  type Page = (typeof pages)[number];
  let [current, other] = pages;

  const contentsOf = ({ buffer }: Page, filling: Filling): Promise<ArrayBuffer> => {
    const read = async () => {
      await buffer.mapAsync(mapForReading);
      const copy = buffer.getMappedRange().slice(0, filling.used * bytes);
      buffer.unmap();
      return copy;
    };
    filling.contents ??= read();
    return filling.contents;
  };
  const settle = async (page: Page) => {
    if (page.filling.used > 0) await contentsOf(page, page.filling);
  };

  return {
    /** A slot for the next step. Waits while both buffers are full or being read. */
    async take(): Promise<OutputSlot> {
      if (current.filling.used === slots || current.filling.contents) {
        [current, other] = [other, current];
        await settle(current);
        current.filling = { used: 0, contents: null };
      }
      const { buffer, filling } = current;
      const page = current;
      const start = bytes * filling.used++;
      return { buffer, start, read: async () => (await contentsOf(page, filling)).slice(start, start + bytes) };
    },
    /** Brings to the host what is still unread, so that the buffers can be freed. */
    async empty(): Promise<void> {
      for (const page of pages) await settle(page).catch(() => {}); // its reader receives the error
    },
  };
}
