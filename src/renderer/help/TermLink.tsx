/** A term that links to its line in the glossary. */
import { Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { glossary, type Term } from './glossary.ts';

export function TermLink({ term, children = term }: { term: Term; children?: ReactNode }) {
  return (
    <Tooltip label={plainText(glossary[term])} multiline w={280} events={{ hover: true, focus: true, touch: true }}>
      <Link className="term" to="/help" search={{ term }}>
        {children}
      </Link>
    </Tooltip>
  );
}

/** Markdown without its markup. */
export const plainText = (markdown: string): string => markdown.replace(/[`*]/g, '');
