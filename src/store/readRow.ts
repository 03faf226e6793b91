/** Damaged rows: SQLite has no checksums, so only invalid content reveals them. */

/** The result of `read` on a run's row. Throws SQLite's error for a damaged file when `read` fails. */
export function readRow<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `the row of ${id} cannot be read (${(cause as Error).message.split('\n')[0]})`;
    throw Object.assign(new Error(message, { cause }), { code: 'SQLITE_CORRUPT' });
  }
}
