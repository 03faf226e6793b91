/** Saves what the app makes on the fly: `/download/runs.csv?id=…`. */
import { saveFile } from '../chart/save.ts';

/** Fetches a download path and hands the file over. Throws in the words of whoever refused it. */
export async function saveDownload(path: string): Promise<void> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(await response.text());
  const name = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  saveFile(name ?? path.split('/').at(-1)!.split('?')[0], await response.blob());
}
