/** Documents name files that exist, so a rename in the code is a failed test here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { rooms } from './rooms.ts';

const root = join(import.meta.dirname, '../..');
const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
  readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') && name !== 'log.md' ? `docs/${name}` : [])),
);
const isThere = (path: string): boolean => ['', '.ts', '.tsx'].some((ending) => existsSync(join(root, path + ending)));

/** Paths in backticks: `src/room/file.ts`, or `room/file` as in imports. */
const mentions = new RegExp(`\`(?:src/)?((?:${Object.keys(rooms).join('|')})/[\\w./]*\\w)\``, 'g');

it.each(documents)('%s names files of src/ that exist', (document) => {
  const paths = [...readFileSync(join(root, document), 'utf8').matchAll(mentions)].map(([, path]) => `src/${path}`);
  expect(paths.filter((path) => !path.includes('NAME') && !isThere(path))).toEqual([]);
});

it.each(documents)('%s links to files that exist', (document) => {
  const links = [...readFileSync(join(root, document), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
    ([, link]) => link,
  );
  expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([]);
});
