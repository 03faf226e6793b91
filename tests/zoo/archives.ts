/** Self-made archives in the exact formats of the data sets. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export type Files = Record<string, Uint8Array | string>;

/** A tar archive of the files, with entries for folders as in real archives. */
export async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack();
  const folders = new Set(Object.keys(files).map((path) => dirname(path)));
  for (const folder of folders) if (folder !== '.') archive.entry({ name: `${folder}/`, type: 'directory' });
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content));
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export const tarGzOf = async (files: Files): Promise<Buffer> => gzipSync(await tarOf(files));

/** Writes files below a folder, which is made. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** RoBERTa's tokenizer files of a small vocabulary that covers SMILES: every printable character, then the merges. */
export function smallTokenizer(merges: string[]): Files {
  const characters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const tokens = [
    '<s>',
    '<pad>',
    '</s>',
    '<unk>',
    '<mask>',
    ...characters,
    ...merges.map((pair) => pair.replace(' ', '')),
  ];
  return {
    'vocab.json': JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
    'merges.txt': `#version: 0.2\n${merges.join('\n')}\n`,
  };
}
