/** The input of one field of a config: label, unit, limits and help from the schema, with errors and deviations beside it. */
import { Box, Select, Stack, Switch, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { memo, type ReactNode, useState } from 'react';
import { type ConfigField, fieldMeta } from '#contract/config';
import { isSameSetting } from '#contract/isSameSetting';
import type { Term } from '../../help/glossary.ts';
import { TermLink } from '../../help/TermLink.tsx';
import { choiceOf } from './choices.ts';
import { controlOf, readNumber, readSizes } from './controls.ts';

export interface ConfigInputProps {
  field: ConfigField;
  value: unknown;
  error?: string;
  /** How the value differs from the published protocol. */
  deviation?: string;
  /** Why the field has no effect at the moment. */
  idle?: string;
  /** Names to choose from, if the app knows them. */
  choices?: { value: string; label: string; note?: string }[];
  /** Why choices of the form cannot be made, by {@link choiceOf}; for a field with several to choose from. */
  impossible?: Readonly<Record<string, string>>;
  onChange(field: ConfigField, value: unknown): void;
}

/** Memoized, because a form has fifty of them. */
export const ConfigInput = memo(function ConfigInput(props: ConfigInputProps) {
  const { deviation } = props;
  return (
    <Box pos="relative">
      {deviation && (
        <Tooltip label={deviation} multiline w={320} events={{ hover: true, focus: true, touch: true }}>
          <UnstyledButton
            aria-label={`${fieldMeta(props.field).label} differs from the published protocol: ${deviation}`}
            pos="absolute"
            right={0}
            top={3}
            w={16}
            h={16}
            style={{ zIndex: 1, display: 'grid', placeItems: 'center' }}
          >
            <Box w={9} h={9} bg="orange.6" style={{ borderRadius: '50%' }} />
          </UnstyledButton>
        </Tooltip>
      )}
      <Control {...props} onChange={(value) => props.onChange(props.field, value)} />
    </Box>
  );
});

interface ControlProps extends Omit<ConfigInputProps, 'onChange'> {
  onChange(value: unknown): void;
}

function Control({ field, value, error, idle, choices, impossible, onChange }: ControlProps): ReactNode {
  const { label, help, unit } = fieldMeta(field);
  const control = controlOf(field);
  const said = {
    label: unit && !label.toLowerCase().includes(unit) ? `${label} (${unit})` : label,
    description: idle ?? <Help text={help} term={terms[field]} />,
    error,
    disabled: idle !== undefined,
  };
  if (control.kind === 'switch')
    return <Switch {...said} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
  const words = {
    ...said,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[],
  };
  if (control.kind === 'choice' || choices) {
    const named: NonNullable<ConfigInputProps['choices']> =
      choices ?? (control.kind === 'choice' ? control.choices.map((label) => ({ value: label, label })) : []);
    const reasonOf = (name: string) => impossible?.[choiceOf(field, name)];
    const data = named.map(({ value, label }) => ({ value, label, disabled: reasonOf(value) !== undefined }));
    const notes = new Map(named.map(({ value, note }) => [value, reasonOf(value) ?? note]));
    return (
      <Select
        {...words}
        data={data}
        value={typeof value === 'string' ? value : null}
        onChange={(next) => next !== null && onChange(next)}
        allowDeselect={false}
        searchable={data.length > 8}
        checkIconPosition="right"
        renderOption={({ option }) => (
          <Stack gap={0}>
            <Text size="sm">{option.label}</Text>
            {notes.get(option.value) && <Text size="xs">{notes.get(option.value)}</Text>}
          </Stack>
        )}
      />
    );
  }
  if (control.kind === 'text')
    return (
      <TextInput
        {...words}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <TypedInput
      {...words}
      value={value}
      placeholder={control.optional ? 'empty' : undefined}
      inputMode={control.kind === 'number' ? 'decimal' : undefined}
      read={control.kind === 'number' ? (text) => readNumber(text, control.whole) : readSizes}
      onChange={onChange}
    />
  );
}

/** Fields whose help links to the glossary. */
const terms: Partial<Record<ConfigField, Term>> = { model_name: 'body', variant: 'variant' };

const Help = ({ text, term }: { text: string; term?: Term }): ReactNode =>
  term ? (
    <>
      {text} <TermLink term={term}>More</TermLink>
    </>
  ) : (
    text
  );

interface TypedInputProps {
  label: string;
  description: ReactNode;
  error?: string;
  disabled: boolean;
  value: unknown;
  placeholder?: string;
  inputMode?: 'decimal';
  read(text: string): unknown;
  onChange(value: unknown): void;
}

const written = (value: unknown): string =>
  value === null ? '' : Array.isArray(value) ? value.join(', ') : String(value);

/** A text input for a value. Keeps the text as typed while it still means the value. */
function TypedInput({ value, read, onChange, ...rest }: TypedInputProps) {
  const [text, setText] = useState(written(value));
  const shown = isSameSetting(read(text), value) ? text : written(value);
  return (
    <TextInput
      {...rest}
      value={shown}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(read(event.currentTarget.value));
      }}
    />
  );
}
