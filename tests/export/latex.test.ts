/** Text that LaTeX would misread. Compiling with pdfLaTeX, LuaLaTeX and XeLaTeX was tried by hand. */
import { expect, it } from 'vitest';
import type { Document } from '#export/document';
import { latex } from '#export/latex';

const cell = (text: string): string => {
  const document: Document = {
    ...{ id: 't', title: 'T', caption: 'C', header: [{ text: 'name', isNumber: false }], footnotes: [], sections: [] },
    rows: [[{ text, marks: [] }]],
  };
  const lines = latex(document).split('\n');
  return lines[lines.indexOf('    \\midrule') + 1].replace(/^ {4}| \\\\$/g, '');
};
const whole = (text: string) =>
  latex({ id: 't', title: text, caption: '', header: [], rows: [], footnotes: [], sections: [] });

it.each([
  ['\\ { } $ & # ^ _ ~ %', '\\textbackslash{} \\{ \\} \\$ \\& \\# \\textasciicircum{} \\_ \\textasciitilde{} \\%'],
  ['größer Łódź café', 'größer Łódź café'],
  ['cafe\u0301', 'café'],
  ['β = 0.9, ΔT', '$\\beta$ = 0.9, $\\Delta$T'],
  ['凍った gpt', '\\ifdefined\\Umathcode 凍った\\else(U+51CD U+3063 U+305F)\\fi{} gpt'],
  ['модель', '\\ifdefined\\Umathcode модель\\else(U+043C U+043E U+0434 U+0435 U+043B U+044C)\\fi{}'],
  ['👩‍🔬', '\\ifdefined\\Umathcode 👩🔬\\else(U+1F469 U+200D U+1F52C)\\fi{}'],
  ['ęỲ', '\\ifdefined\\Umathcode ęỲ\\else(U+0119 U+1EF2)\\fi{}'],
  ['a\x1b[2J\u202eb\ud800', 'a(U+001B)[2J(U+202E)b(U+D800)'],
  ['a\r\n\r\nb\tc', 'a    b c'],
  ['[x]', '{}[x]'],
])('%j compiles with every engine', (text, written) => expect(cell(text)).toBe(written));

it('a comment says what pdfLaTeX prints instead, only if needed', () => {
  expect(whole('größer')).not.toMatch(/Umathcode|code points/);
  expect(whole('凍').split('\n')[1]).toMatch(/^% pdfLaTeX prints letters that its fonts lack as code points/);
});
