/** Labelled facts; a fact without text is left out. */
import { Fragment, type ReactNode } from 'react';

export type Fact = readonly [label: string, text: ReactNode];

export function Facts({ rows }: { rows: readonly Fact[] }) {
  return (
    <dl className="facts">
      {rows
        .filter(([, text]) => text)
        .map(([label, text]) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
