/** A process of another machine. */
import type { ProcessIdentity } from '#disk/processes';

export const elsewhere: ProcessIdentity = {
  host: 'elsewhere',
  boot: '0a1b2c3d',
  namespace: 'pid:[4026531836]',
  pid: 1,
  start: '123',
};
