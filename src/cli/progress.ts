/** Progress on standard error: bars and a status line. */

const barWidth = 24;

/** A bar that is full at a share of 1. */
export function progressBar(share: number): string {
  const filled = Math.round(barWidth * Math.min(1, share));
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
}

/** A bar for `done` of `total` and a blank; empty while the total is unknown. */
export const barOf = (done: number, total: number | null): string =>
  total === null ? '' : `${progressBar(done / Math.max(1, total))} `;

/** One line that is drawn over on a terminal. Without a terminal, a line every ten seconds, so that short work prints nothing. */
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
