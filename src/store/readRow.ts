/** Rows whose bytes changed on the disk: SQLite keeps no checksums, so that only what they say can give them away. */

/** What `read` makes of the row of a run. Throws what SQLite throws for a damaged file where that is nothing. */
export function readRow<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `the row of ${id} cannot be read (${(cause as Error).message.split('\n')[0]})`;
    throw Object.assign(new Error(message, { cause }), { code: 'SQLITE_CORRUPT' });
  }
}
