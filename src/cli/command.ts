/** What all commands share: their interface, opening the app, and printing. */
import type { Command } from 'commander';
import { type AppOptions, createApp } from '#app';
import { defaultHome } from '#app/home';
import { PermafrostError } from '#contract/errors';
import { checked, runId } from '#contract/names';
import type { Services } from '#contract/services';
import { printable, printableLines, widthOf } from './printable.ts';

export interface CommandRow {
  /** Adds the command with its arguments, options and action. */
  add(program: Command): void;
}

/** Parses an argument that names a run. Throws `config`. */
export const asRunId = (text: string): string => checked(runId, text);

/** Opens the app on the home folder, runs `use`, and always closes the app. */
export async function withApp<T>(
  use: (app: Services) => T | Promise<T>,
  options: Pick<AppOptions, 'slots' | 'reads' | 'repairs'> = {},
): Promise<T> {
  const app = await createApp({ home: defaultHome(), ...options });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** {@link withApp} for read-only commands: writes nothing to the disk, so the home need not be writable. */
export const readApp = <T>(use: (app: Services) => T | Promise<T>): Promise<T> => withApp(use, { reads: true });

/** The result of `fetch`. If Ctrl-C pauses it, prints `command`, which continues it, and returns null. */
export async function pausable<T>(command: string, fetch: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    return await fetch(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error(`Paused. The downloaded part is kept. Continue with: permafrost ${command}`);
    process.exitCode = 3;
    return null;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** Prints one JSON object, or else the text for people. */
export function print(json: boolean | undefined, value: unknown, text: () => string): void {
  console.log(json ? JSON.stringify(value) : printableLines(text()));
}

/** Throws `config` if both the JSON and the file would go to standard output. */
export function requireOneOutput(json: boolean | undefined, path: string | undefined): void {
  if (json && path === '-')
    throw new PermafrostError('config', '--json and - both write to standard output. Name a file.');
}

const widestCell = 100;

/** Aligns rows in columns, with numbers to the right; escapes control characters and shortens wide cells. */
export function alignColumns(header: string[], rows: string[][]): string {
  const all = [header, ...rows].map((row) => row.map((cell) => printable(cell, widestCell)));
  const widths = header.map((_, i) => all.reduce((most, row) => Math.max(most, widthOf(row[i])), 0));
  const line = (row: string[]) =>
    row
      .map((cell, i) =>
        /^[-+]?\d[\d.,]*( %)?$/.test(cell)
          ? cell.padStart(widths[i])
          : `${cell}${' '.repeat(widths[i] - widthOf(cell))}`,
      )
      .join('  ')
      .trimEnd();
  const [head, ...body] = all.map(line);
  return [head, widths.map((w) => '─'.repeat(w)).join('──'), ...body].join('\n');
}
