/** The terms that labels of the window link to; `docs/guide.md` has them in the same words. */
export const glossary = {
  body: 'the transformer (or LSTM) between the input and the output network; its weights are pretrained or random',
  regime: 'which weights of a model are trained, and how they start: FPT, FRT, URT, UPT',
  profile: 'how a table is trained: `quick` (small body, budget of minutes) or `paper` (as published)',
  floor:
    'the score of a trivial rule, such as *always predict class 1*; a higher score shows that a model learned something',
  verdict: 'the result of testing a published number, or a contrast, against our runs',
  tolerance: 'how far two numbers may differ and still count as the same result',
  variant:
    'whether a run corrects the known bugs of the reference code (`corrected`, the default) or keeps them (`reference`)',
} as const;
export type Term = keyof typeof glossary;
