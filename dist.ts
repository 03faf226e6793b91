/** `npm run dist`: makes an installer for this platform in out/dist. electron-builder.config.ts says what goes into it. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { electronBinary, ensureBuilt, projectFolder } from '#cli/desktop';
import { parseScript } from '#cli/parseScript';

// fetched when it is needed: as a dependency its 208 packages would lengthen every npm ci by a third
const builder = 'electron-builder@26.17.0';

const { resolve } = createRequire(import.meta.url);

function installElectron(): void {
  const { stderr } = spawnSync(process.execPath, [resolve('electron/install.js')], { encoding: 'utf8' });
  if (electronBinary()) return;
  const { version } = createRequire(import.meta.url)('electron/package.json');
  const reason = /^\w*Error: .*/m.exec(stderr)?.[0] ?? stderr.trim().split('\n')[0];
  console.error(
    `Electron ${version} is not installed and could not be downloaded (${reason}). Check the connection, or set ELECTRON_MIRROR to a mirror of https://github.com/electron/electron/releases/download/, and run npm run dist again.`,
  );
  process.exit(1);
}

parseScript(new Command('npm run dist --').description('Makes an installer for this platform in out/dist.'));
if (!electronBinary()) installElectron();
ensureBuilt(console.log);
const { status } = spawnSync(
  'npx',
  ['--yes', builder, '--config', 'electron-builder.config.ts', '--publish', 'never'],
  {
    cwd: projectFolder,
    stdio: 'inherit',
    shell: process.platform === 'win32', // npx is a script there
  },
);
process.exit(status ?? 1);
