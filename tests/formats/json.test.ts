/** Files that people wrote with all kinds of editors. */
import { describe, expect, it } from 'vitest';
import { readJson } from '#formats/json';
import { tsvRows } from '#formats/tsv';

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le'));
const swapped = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le').swap16());

it('a byte-order mark before UTF-8 is skipped', () => {
  expect(readJson(utf8('\uFEFF{"name":"ä"}'), 'bom.json', 'config')).toEqual({ name: 'ä' });
  expect([...tsvRows([utf8('\uFEFFDrug\tY\nCC\t1\n')], ['Drug', 'Y'], 'bom.tab')]).toEqual([
    { line: 2, cells: { Drug: 'CC', Y: '1' } },
  ]);
});

describe('a file that is not JSON is named, with what it is', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['UTF-16 with a mark', utf16('\uFEFF{}'), /x\.json is not JSON: it is in UTF-16\. Save it as UTF-8/],
    ['UTF-16 without one', utf16('{}'), /it is in UTF-16/],
    ['big-endian UTF-16', swapped('\uFEFF{}'), /it is in UTF-16/],
    ['big-endian UTF-16 without a mark', swapped('{}'), /it is in UTF-16/],
    ['Latin-1', new Uint8Array([0x22, 0xe4, 0x22]), /it is not text in UTF-8/],
    ['nothing', utf8(' \n'), /it is empty/],
    ['half of it', utf8('{"a":'), /x\.json is not JSON: Unexpected end/],
  ])('%s', (_, bytes, message) => {
    expect(() => readJson(bytes, 'x.json', 'config')).toThrow(expect.objectContaining({ code: 'config' }));
    expect(() => readJson(bytes, 'x.json', 'config')).toThrow(message);
  });
  it('and so is a table in UTF-16', () => {
    expect(() => [...tsvRows([utf16('\uFEFFDrug\tY\n')], ['Drug'], 'x.tab')]).toThrow(/x\.tab: it is in UTF-16/);
  });
});
