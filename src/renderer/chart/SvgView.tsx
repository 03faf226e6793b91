/** Shows an SVG tree as elements of the page. */
import { createElement, type ReactNode } from 'react';
import type { SvgElement } from '#pictures/svg';

export const SvgView = ({ element }: { element: SvgElement }): ReactNode => drawn(element);

const drawn = ({ tag, attributes, children }: SvgElement): ReactNode =>
  createElement(
    tag,
    Object.fromEntries(Object.entries(attributes).map(([name, value]) => [propertyOf(name), value])),
    ...children.map((child) => (typeof child === 'string' ? child : drawn(child))),
  );

/** The name of an attribute in React: `strokeWidth`. */
const propertyOf = (name: string): string =>
  /^(aria|data)-/.test(name) ? name : name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
