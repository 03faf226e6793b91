/** A list of labelled facts; omits facts without text. */
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
