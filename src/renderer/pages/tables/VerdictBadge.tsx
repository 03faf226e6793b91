/** The verdict on a cell as an icon and words, so that it can be read without colour. */
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
  reproduced: { Icon: IconCheck, means: 'Within the tolerance of the published number (test at the 5 % level).' },
  better: { Icon: IconArrowUp, means: 'Better than published by more than the tolerance (test at the 5 % level).' },
  'not reproduced': { Icon: IconX, means: 'Worse than published by more than the tolerance (test at the 5 % level).' },
  "can't tell yet": { Icon: IconQuestionMark, means: 'The seeds so far do not decide.' },
  'at the floor': {
    Icon: IconEqual,
    means: 'Both numbers are no better than the floor, so their agreement shows nothing.',
  },
  'not compared': { Icon: IconMinus, means: `Not compared: ${notComparedText}.` },
  'no published number': { Icon: IconMinus, means: 'No number is published for this cell.' },
  'scaled down': {
    Icon: IconResize,
    means: 'A smaller body and budget than published, so the numbers are not compared.',
  },
  'not run here': { Icon: IconBan, means: 'The cell cannot run here yet; its reason says what is missing.' },
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
