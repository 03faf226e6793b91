/** What crosses process borders about checkpoints and downloads. */
import { z } from 'zod';

/** How far a download is. */
export const downloadProgress = z.object({
  /** On the disk so far, what an earlier attempt left included. */
  bytes: z.number(),
  /** Of the whole file or group of files; null where the server does not say. */
  total: z.number().nullable(),
  /** Over the last seconds; null at the beginning. */
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type DownloadProgress = z.infer<typeof downloadProgress>;
