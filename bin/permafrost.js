#!/usr/bin/env node
// Starts the command line on a Node that fits: this one, or the one that was installed with Permafrost.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const needed = [22, 18]; // strips types by itself, and has the N-API that the run store needs
const fits = (version) => {
  const [major, minor] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
};

function fittingNode() {
  if (fits(process.versions.node)) return process.execPath;
  try {
    const folder = dirname(
      createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`),
    );
    const binary = join(folder, 'bin', 'node');
    if (existsSync(binary)) return binary;
  } catch {
    // not installed on this platform
  }
  return null;
}

const node = fittingNode();
if (!node) {
  console.error(
    `Permafrost needs Node ${needed.join('.')} or newer; this is ${process.versions.node}. Install it from nodejs.org.`,
  );
  process.exit(5);
}
const main = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');
const flags = ['--disable-warning=ExperimentalWarning'];
const cache = process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'); // a fifth of the start of each process
const child = spawn(node, [...flags, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: cache },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code ?? 1);
});
