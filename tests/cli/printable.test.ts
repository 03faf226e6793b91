/** Text from users and from outside, on a terminal. */
import { describe, expect, it } from 'vitest';
import { alignColumns } from '#cli/command';
import { printable, printableLines, widthOf } from '#cli/printable';

describe('text from outside cannot steer the terminal', () => {
  it.each([
    ['an escape sequence', 'a\x1b[2Jb', 'a\\u{1b}[2Jb'],
    ['one in a single C1 character', 'a\x9b2Jb', 'a\\u{9b}2Jb'],
    ['line breaks and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
    ['a right-to-left override', 'a\u202etxt', 'a\\u{202e}txt'],
    ['an isolate, a line separator, a mark of byte order', '\u2066\u2028\ufeff', '\\u{2066}\\u{2028}\\u{feff}'],
    ['half a character', 'a\ud800', 'a\\u{d800}'],
  ])('%s', (_, text, shown) => expect(printable(text)).toBe(shown));
  it('but letters of every script are unchanged', () => {
    for (const text of ['größer', '凍った変換器', 'מודל', 'می‌خواهم', '👩‍🔬 ☃', 'é']) expect(printable(text)).toBe(text);
  });
  it('and line breaks of a text are kept', () => {
    expect(printableLines('a\x1b\nb')).toBe('a\\u{1b}\nb');
  });
});

describe('text is shortened by its width on screen', () => {
  it.each([
    ['a'.repeat(3000), 10, `${'a'.repeat(9)}…`],
    ['凍'.repeat(3000), 10, `${'凍'.repeat(4)}…`],
    ['abc', 3, 'abc'],
    ['凍凍', 4, '凍凍'],
    ['凍凍', 3, '凍…'],
    ['\x1b'.repeat(9), 6, '\\u{1b…'],
  ])('%j to %i', (text, most, shown) => {
    expect(printable(text, most)).toBe(shown);
    expect(widthOf(shown)).toBeLessThanOrEqual(most);
  });
  it('and so are many accents on one letter', () => {
    expect(printable(`a${'\u0301'.repeat(3000)}b`, 10).length).toBeLessThan(50);
  });
});

it('a table stays aligned with wide, long and hostile cells', () => {
  const rows = [
    ['凍った', '1'],
    ['x'.repeat(3000), '2'],
    ['a\nb\x1b[31m', '3'],
  ];
  const lines = alignColumns(['name', 'n'], rows).split('\n');
  expect(lines).toHaveLength(5);
  expect(new Set(lines.map(widthOf)).size).toBe(1);
  expect(widthOf(lines[0])).toBeLessThan(110);
});
