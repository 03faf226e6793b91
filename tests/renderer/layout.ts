/**
 * happy-dom lays nothing out: elements here have a size, so that a virtual table has lines in sight. Roles are found without
 * asking the style of every element, which takes seconds there.
 */
import { configure } from '@testing-library/react';

configure({ defaultHidden: true });
for (const [side, pixels] of [
  ['offsetHeight', 320],
  ['offsetWidth', 1200],
  ['clientHeight', 320],
] as const)
  Object.defineProperty(HTMLElement.prototype, side, { configurable: true, get: () => pixels });
