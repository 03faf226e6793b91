/** The table of disk and database errors: what happened, and how to fix it. */
import { PermafrostError } from '#contract/errors';

interface Trouble {
  happened: string;
  help: string;
  /** Whether retrying may succeed without a change by the user. */
  isTemporary: boolean;
}

const full = { happened: 'The disk is full', help: 'Free some space', isTemporary: true };
const denied = {
  happened: 'Permission is missing',
  help: 'Check the permissions of the file and its folder',
  isTemporary: false,
};
const readOnly = {
  happened: 'The file system is read-only',
  help: 'Set PERMAFROST_HOME to a writable folder',
  isTemporary: false,
};
const busy = {
  happened: 'Another process is writing to the database',
  help: 'Try again, or end that process',
  isTemporary: true,
};
const damaged = {
  happened: 'The database is damaged',
  help: 'Run permafrost rebuild: it sets the file aside and makes a new one from the run folders',
  isTemporary: false,
};
const hardware = { happened: 'The disk reports an error', help: 'Check the disk', isTemporary: true };

const troubles: Readonly<Record<string, Trouble>> = {
  ENOSPC: full,
  EDQUOT: { happened: 'The disk quota is used up', help: 'Free some space', isTemporary: true },
  EFBIG: {
    happened: 'The file is larger than this system allows',
    help: 'Raise the limit (ulimit -f)',
    isTemporary: false,
  },
  ENOENT: { happened: 'The file or its folder is missing', help: 'Check the path', isTemporary: false },
  EBUSY: { happened: 'Another program uses the file', help: 'Close that program', isTemporary: false },
  EACCES: denied,
  EPERM: denied,
  EROFS: readOnly,
  ENOTDIR: {
    happened: 'There is a file where a folder should be',
    help: 'Move the file away, or set PERMAFROST_HOME to another folder',
    isTemporary: false,
  },
  EIO: hardware,
  ESTALE: { happened: 'The network file system lost the file', help: 'Check the mount', isTemporary: true },
  EMFILE: { happened: 'Too many files are open', help: 'Raise the limit (ulimit -n)', isTemporary: true },
  ENFILE: { happened: 'The system has too many open files', help: 'Close other programs', isTemporary: true },
  SQLITE_FULL: full,
  SQLITE_BUSY: busy,
  SQLITE_LOCKED: busy,
  SQLITE_READONLY: { ...readOnly, happened: 'The database cannot be written' },
  SQLITE_IOERR: hardware,
  SQLITE_CANTOPEN: { happened: 'The database cannot be opened', help: 'Check its folder', isTemporary: true },
  SQLITE_CORRUPT: damaged,
  SQLITE_NOTADB: damaged,
  SQLITE_ERROR: damaged, // our statements are correct, so the tables are damaged
};

const codeOf = (error: unknown): string | undefined => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
};

/** The row of an error code. SQLite's extended codes, such as SQLITE_IOERR_WRITE, belong to the row that they extend. */
function troubleOf(code: string): Trouble | undefined {
  const plain = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
  return Object.hasOwn(troubles, plain) ? troubles[plain] : undefined;
}

/** Whether the table has the error. Unlike {@link isRefusal}, this is false for a broken connection. */
export const isDiskTrouble = (error: unknown): boolean => troubleOf(codeOf(error) ?? '') !== undefined;

/** Whether an error comes from a system call or SQLite rather than from the program. */
export const isRefusal = (error: unknown): boolean => {
  const code = codeOf(error);
  return code !== undefined && (troubleOf(code) !== undefined || /^E[A-Z0-9]+$/.test(code) || /^SQLITE_/.test(code));
};

/** Whether retrying later may help, for example because the disk is full or the database is locked. */
export function isTemporary(error: unknown): boolean {
  const code = codeOf(error instanceof PermafrostError ? error.cause : error);
  return code !== undefined && (troubleOf(code)?.isTemporary ?? false);
}

/** Whether the disk or the user's quota on it is used up. */
export const isFullDisk = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes(codeOf(error instanceof PermafrostError ? error.cause : error) ?? '');

/** Whether the database is damaged and must be rebuilt. */
export const isDamage = (error: unknown): boolean => troubleOf(codeOf(error) ?? '') === damaged;

const sentence = (code: string | undefined): string => {
  const trouble = code === undefined ? undefined : troubleOf(code);
  return trouble ? `${trouble.happened}. ${trouble.help}.` : 'Check the disk and the folder.';
};

/**
 * Turns the error of a system call on `path` into a `disk` error; `not` is the action that failed. Returns other errors as they are.
 */
export function diskError(
  path: string,
  error: unknown,
  not: 'written' | 'read' | 'removed' | 'restored' = 'written',
): Error {
  if (error instanceof PermafrostError || !isRefusal(error)) return error as Error;
  const { message } = error as Error;
  return new PermafrostError('disk', `${path} could not be ${not}: ${message}. ${sentence(codeOf(error))}`, {
    cause: error,
  });
}

/** Turns a SQLite error on the database at `path` into a `store` error. Returns other errors as they are. */
export function storeError(path: string, error: unknown): Error {
  if (error instanceof PermafrostError || !isRefusal(error)) return error as Error;
  const { message } = error as Error;
  return new PermafrostError('store', `The run store ${path}: ${message}. ${sentence(codeOf(error))}`, {
    cause: error,
  });
}
