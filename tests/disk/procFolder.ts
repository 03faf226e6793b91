/** Why this system does not list its processes in /proc, where some tests find them; null where it does. */
import { existsSync } from 'node:fs';

export const whyNoProcFolder: string | null = existsSync('/proc/self/environ') ? null : 'only Linux has /proc';
