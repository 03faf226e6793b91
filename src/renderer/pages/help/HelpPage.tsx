/** Help: ways to begin, and the glossary; `?term=` shows the line of a term. */
import { Stack, Title } from '@mantine/core';
import { Fragment, useEffect } from 'react';
import { PageHeader } from '../../components/PageHeader.tsx';
import { useAddress } from '../../components/useAddress.ts';
import { glossary } from '../../help/glossary.ts';
import { plainText } from '../../help/TermLink.tsx';
import { WaysIn } from '../../help/WaysIn.tsx';

export function HelpPage() {
  const term = useAddress<'/help'>().get('term');
  useEffect(() => document.getElementById(`term-${term}`)?.scrollIntoView({ block: 'center' }), [term]);
  return (
    <Stack gap="lg">
      <PageHeader title="Help" />
      <WaysIn />
      <section aria-label="Glossary">
        <Title order={2} mb="xs">
          Glossary
        </Title>
        <dl className="facts">
          {Object.entries(glossary).map(([name, meaning]) => (
            <Fragment key={name}>
              <dt id={`term-${name}`} aria-current={name === term || undefined}>
                {name}
              </dt>
              <dd aria-current={name === term || undefined}>{plainText(meaning)}</dd>
            </Fragment>
          ))}
        </dl>
      </section>
    </Stack>
  );
}
