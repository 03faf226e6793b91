/** Saves files that the app makes on request: `/download/runs.csv?id=…`. */

/**
 * Passes a download path to the browser, or to Electron, which asks where to save the file. The page itself reads nothing.
 * Throws when there is no such file.
 */
export async function saveDownload(path: string): Promise<void> {
  const { ok, status } = await fetch(path, { method: 'HEAD' });
  if (!ok) throw new Error(`${path} cannot be saved: the app answered ${status}. Reload the page and try again.`);
  const link = document.createElement('a');
  link.href = path;
  link.download = '';
  link.click();
}
