/** An input for a whole number from 1, with its name in the box: `Seeds: 3`. */
import { NumberInput } from '@mantine/core';

interface CountInputProps {
  /** In the box. */
  name: string;
  /** In full. */
  label: string;
  value: number;
  max: number;
  width: number;
  onChange(value: number): void;
}

export function CountInput({ name, label, value, max, width, onChange }: CountInputProps) {
  return (
    <NumberInput
      size="xs"
      w={width}
      aria-label={label}
      prefix={`${name}: `}
      min={1}
      max={max}
      clampBehavior="strict"
      allowDecimal={false}
      value={value}
      onChange={(next) => typeof next === 'number' && next !== value && onChange(next)}
    />
  );
}
