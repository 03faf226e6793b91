/** Whether training fits in this machine's memory: a word, and the numbers behind it. */
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
    <Text span inherit title={`about ${bytesText(fit.bytes)} of the ${bytesText(fit.memory)} of this machine`}>
      <Text span inherit c={toneColor(tone)}>
        {text}
      </Text>
      , {bytesText(fit.bytes)}
    </Text>
  );
}
