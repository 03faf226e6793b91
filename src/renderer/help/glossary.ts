/** The terms that labels of the window link to; `docs/guide.md` has them in the same words. */
export const glossary = {
  body: 'the transformer (or LSTM) between the input and the output network; its weights are pretrained or random',
  regime: 'which weights of a model are trained, and from what start: FPT, FRT, URT, UPT',
  profile: 'how a table is trained: `quick` (small body, budget of minutes) or `paper` (as published)',
  floor: 'the score of a trivial rule, which mostly ignores the input, such as *always class 1*',
  verdict: 'what our runs say about a published number, or about a contrast',
  tolerance: 'how far two numbers may differ and still count as the same result',
  variant: 'how a run treats defects of the committed reference code: `corrected` (default) or `reference`',
} as const;
export type Term = keyof typeof glossary;
