/** The verdict on a cell: a sign and words, so that colour is never the only sign. */
import { Box, Text } from '@mantine/core';
import {
  IconArrowUp,
  IconBan,
  IconCheck,
  IconEqual,
  IconMinus,
  IconQuestionMark,
  IconResize,
  IconX,
} from '@tabler/icons-react';
import { plural } from '#contract/format';
import type { CellResult } from '#contract/tableState';
import { fallsSign, notComparedText } from '#contract/tableText';
import { type ShownVerdict, shownVerdict } from '#pictures/tableGrid';
import { verdictLooks } from '#pictures/verdictLooks';
import { toneColor } from '../../theme.ts';

const looks: Record<ShownVerdict, { Icon: typeof IconCheck; means: string }> = {
  reproduced: { Icon: IconCheck, means: 'Surely within the tolerance of the published number.' },
  better: { Icon: IconArrowUp, means: 'Surely better than published, by more than the tolerance.' },
  'not reproduced': { Icon: IconX, means: 'Surely worse than published, by more than the tolerance.' },
  "can't tell yet": { Icon: IconQuestionMark, means: 'The seeds so far decide nothing.' },
  'at the floor': {
    Icon: IconEqual,
    means: 'Both numbers are no better than guessing, so that they agree says nothing.',
  },
  'not compared': { Icon: IconMinus, means: `Not compared: ${notComparedText}.` },
  'no published number': { Icon: IconMinus, means: 'There is nothing to compare with.' },
  'scaled down': {
    Icon: IconResize,
    means: 'A smaller body and budget than published, so the numbers are not compared.',
  },
  'not run here': { Icon: IconBan, means: 'It cannot run here as things are.' },
};

export const verdictMeaning = (result: CellResult): string => looks[shownVerdict(result)].means;

export function VerdictBadge({ result }: { result: CellResult }) {
  const verdict = shownVerdict(result);
  const { Icon, means } = looks[verdict];
  const { moreSeeds, stands } = result.judgement;
  return (
    <Box component="span" className="verdict" c={toneColor(verdictLooks[verdict].tone)} title={means}>
      <Icon size={13} stroke={2} aria-hidden />
      <Text span inherit>
        {verdict}
        {verdict === "can't tell yet" && moreSeeds !== null && `, +${plural(moreSeeds, 'seed')}`}
        {stands === false && ` ${fallsSign}`}
      </Text>
    </Box>
  );
}
