/** A time span in the shortest words that are exact enough. */
import { Text, type TextProps } from '@mantine/core';
import { duration } from './format.ts';

interface DurationTextProps extends TextProps {
  /** Null where nothing is known. */
  seconds: number | null;
}

export function DurationText({ seconds, ...props }: DurationTextProps) {
  return (
    <Text span inherit {...props}>
      {seconds === null ? 'unknown' : duration(seconds)}
    </Text>
  );
}
