/** Whether training fits in this machine's memory: a word, and the numbers behind it. */
import { Text } from '@mantine/core';
import type { MemoryFit } from '#contract/zoo';
import { bytes } from '../../components/format.ts';
import { type Tone, toneColor } from '../../theme.ts';

const words: Record<MemoryFit['fits'], { text: string; tone: Tone }> = {
  yes: { text: 'fits', tone: 'good' },
  tight: { text: 'tight', tone: 'warning' },
  no: { text: 'too large', tone: 'bad' },
};

export function FitText({ fit }: { fit: MemoryFit | undefined }) {
  if (!fit) return null;
  const { text, tone } = words[fit.fits];
  return (
    <Text span inherit title={`about ${bytes(fit.bytes)} of the ${bytes(fit.memory)} of this machine`}>
      <Text span inherit c={toneColor(tone)}>
        {text}
      </Text>
      , {bytes(fit.bytes)}
    </Text>
  );
}
