#!/usr/bin/env node
// The command line: in this process where its Node fits, else on the Node that was installed with Permafrost.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { compileCacheFolder } from './compileCache.js';

const needed = [22, 18]; // strips types by itself, and has the N-API that the run store needs
const fits = (version) => {
  const [major, minor] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
};

function installedNode() {
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

function handOver(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  const isOnTerminal = [0, 1, 2].some((fd) => isatty(fd)); // which sends these to the child by itself
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => isOnTerminal || child.kill(signal));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    if (!signal) return process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (fits(process.versions.node)) {
  const cache = process.env.NODE_COMPILE_CACHE === undefined ? compileCacheFolder() : null;
  if (cache !== null) {
    process.env.NODE_COMPILE_CACHE = cache; // for trainers too: half the start of each process
    module.enableCompileCache(cache);
  }
  await import('../src/cli/main.ts');
} else {
  const node = installedNode();
  if (node) handOver(node);
  else {
    console.error(
      `Permafrost needs Node ${needed.join('.')} or newer; this is ${process.versions.node}. Install it from nodejs.org.`,
    );
    process.exitCode = 5;
  }
}
