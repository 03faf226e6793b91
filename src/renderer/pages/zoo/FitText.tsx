/** Says whether training fits into this machine's memory, with the numbers in a tooltip. */
import { Text } from '@mantine/core';
import { bytesText } from '#contract/format';
import type { MemoryFit } from '#contract/zoo';
import type { Tone } from '#pictures/colors';
import { toneColor } from '../../theme.ts';

const words: Record<MemoryFit['fits'], { text: string; tone: Tone }> = {
  yes: { text: 'fits', tone: 'good' },
  tight: { text: 'tight', tone: 'warning' },
  no: { text: 'too large', tone: 'bad' },
};

export function FitText({ fit }: { fit: MemoryFit | undefined }) {
  if (!fit) return null;
  const { text, tone } = words[fit.fits];
  return (
    <Text
      span
      inherit
      title={`training needs about ${bytesText(fit.bytes)}; this machine has ${bytesText(fit.memory)}`}
    >
      <Text span inherit c={toneColor(tone)}>
        {text}
      </Text>
      , {bytesText(fit.bytes)}
    </Text>
  );
}
