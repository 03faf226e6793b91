/** SVG as a tree, which React draws in the window and `svgText` writes to files. Pure. */

export interface SvgElement {
  tag: string;
  /** Keys are SVG names such as `stroke-width`. */
  attributes: Readonly<Record<string, string | number>>;
  children: readonly (SvgElement | string)[];
}

export const svgElement = (
  tag: string,
  attributes: SvgElement['attributes'],
  ...children: SvgElement['children']
): SvgElement => ({ tag, attributes, children });

/** Elements moved down by `y` pixels. */
export const movedDown = (y: number, ...children: SvgElement[]): SvgElement =>
  svgElement('g', { transform: `translate(0 ${y})` }, ...children);

export function svgText({ tag, attributes, children }: SvgElement): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const content = children.map((child) => (typeof child === 'string' ? escaped(child) : svgText(child)));
  return `<${tag}${written.join('')}${content.length ? `>${content.join('')}</${tag}>` : '/>'}`;
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
