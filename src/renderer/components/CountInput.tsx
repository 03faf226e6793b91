/** An input for a whole number from 1, with its name in the box: `Seeds: 3`. */
import { NumberInput } from '@mantine/core';

interface CountInputProps {
  /** In the box. */
  name: string;
  /** In full. */
  label: string;
  /** Null: the box is empty. */
  value: number | null;
  /** Stands in the empty box. */
  whenEmpty?: string;
  max: number;
  width: number;
  onChange(value: number): void;
  onEmpty?(): void;
}

export function CountInput({ name, label, value, whenEmpty, max, width, onChange, onEmpty }: CountInputProps) {
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
      placeholder={whenEmpty && `${name}: ${whenEmpty}`}
      value={value ?? ''}
      onChange={(next) => {
        if (typeof next === 'number' && next !== value) onChange(next);
        if (next === '') onEmpty?.();
      }}
    />
  );
}
