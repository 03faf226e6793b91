/** happy-dom lays nothing out: elements here have the size of a window, so that a virtual table has lines in sight. */
for (const [side, pixels] of [
  ['offsetHeight', 640],
  ['offsetWidth', 1200],
  ['clientHeight', 640],
] as const)
  Object.defineProperty(HTMLElement.prototype, side, { configurable: true, get: () => pixels });
