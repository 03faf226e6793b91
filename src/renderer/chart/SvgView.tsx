/** Renders an SVG tree in the page. */
import { createElement, type ReactNode } from 'react';
import type { SvgElement } from '#pictures/svg';

interface SvgViewProps {
  width: number;
  height: number;
  elements: readonly SvgElement[];
}

export const SvgView = ({ width, height, elements }: SvgViewProps) => (
  <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden>
    {elements.map((element, i) => drawn(element, i))}
  </svg>
);

const drawn = ({ tag, attributes, children }: SvgElement, key: number): ReactNode =>
  createElement(
    tag,
    { key, ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [propertyOf(name), value])) },
    ...children.map((child, i) => (typeof child === 'string' ? child : drawn(child, i))),
  );

/** React's name of an attribute, such as `strokeWidth`. */
const propertyOf = (name: string): string =>
  /^(aria|data)-/.test(name) ? name : name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
