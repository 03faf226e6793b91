/** Saves what the app makes on the fly: `/download/runs.csv?id=…`. */

/** Hands a download path to the browser, or to Electron, which asks where the file shall go. Nothing passes through the page. */
export function saveDownload(path: string): void {
  const link = document.createElement('a');
  link.href = path;
  link.download = '';
  link.click();
}
