/** A Chromium for the tests: one that is installed, else Debian's, installed now where that is possible. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** No sandbox as root, no services of Google, software drawing. */
export const chromiumFlags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-extensions', '--password-store=basic'],
  ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--force-color-profile=srgb'],
  '--disable-backgrounding-occluded-windows',
];

function installed(): string | null {
  const { CHROMIUM, PATH = '' } = process.env;
  const folders = PATH.split(delimiter);
  const places = [
    ...(CHROMIUM ? [CHROMIUM] : []),
    ...folders.flatMap((f) => names.map((n) => join(f, n))),
    ...elsewhere,
  ];
  return places.find((path) => existsSync(path)) ?? null;
}

/** Its path. Throws with what to do when there is none and none can be installed. */
export function findChromium(): string {
  const found = installed();
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const options = { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    spawnSync('apt-get', ['update'], options);
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options);
    const now = installed();
    if (now) return now;
  }
  throw new Error(
    'The window is tested in Chromium, and there is none. Install it (Debian: apt-get install chromium), or point CHROMIUM at one.',
  );
}
