/** Progress on standard error: bars and a status line. */

const barWidth = 24;

/** A bar that is full at a share of 1. */
export function progressBar(share: number): string {
  const filled = Math.round(barWidth * Math.min(1, share));
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
}

/** A bar for `done` of `total` with a space after it; empty while the total is unknown. */
export const barOf = (done: number, total: number | null): string =>
  total === null ? '' : `${progressBar(done / Math.max(1, total))} `;

/** Shows one line that is updated in place. Without a terminal, prints a line every ten seconds, and so none for short work. */
export function openStatusLine() {
  const out = process.stderr;
  let last = out.isTTY ? Number.NEGATIVE_INFINITY : performance.now();
  let isDrawn = false;
  return {
    show(text: string): void {
      const now = performance.now();
      if (now - last < (out.isTTY ? 100 : 10_000)) return;
      last = now;
      isDrawn = true;
      out.write(out.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
    },
    end(): void {
      if (out.isTTY && isDrawn) out.write('\r\x1b[2K');
    },
  };
}
