/** Colours that pictures share with the window. */

/** Colours of states and levels for text and marks, readable on light and dark backgrounds; the order is light, dark. */
export const tones = {
  good: ['#1f6f33', '#69db7c'],
  busy: ['#0e627f', '#7bcae2'],
  waiting: ['#566370', '#a9b6c1'],
  warning: ['#8f4a00', '#ffc078'],
  bad: ['#b42525', '#ff9c9c'],
} as const;
export type Tone = keyof typeof tones;

/** Colours of lines, distinguishable with colour blindness and readable on light and dark backgrounds. */
export const lineColors = [
  ...['#1f87ab', '#d9730d', '#2f9e6b', '#b5479b', '#8f7f13', '#5c6fd6'],
  ...['#c94c4c', '#4d8f8f', '#8a63c9', '#7a6a5d'],
] as const;
export const lineColor = (index: number): string => lineColors[index % lineColors.length];

/** The colours of one picture: constants in a file, CSS variables in the window. */
export interface Ink {
  text: string;
  dim: string;
  line: string;
  /** Background of headings. */
  head: string;
  ground: string;
  tone(tone: Tone): string;
}

/** Colours on white paper. */
export const paperInk: Ink = {
  ...{ text: '#182027', dim: '#566370', line: '#d3dce2', head: '#edf2f4', ground: '#ffffff' },
  tone: (tone) => tones[tone][0],
};
