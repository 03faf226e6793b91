import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { defaultHome } from '#app/home';

it('a relative PERMAFROST_HOME is made absolute, since a node of a cluster reads it elsewhere', () => {
  expect(defaultHome({ PERMAFROST_HOME: 'lab/home' })).toBe(resolve('lab/home'));
  expect(defaultHome({ PERMAFROST_HOME: resolve('/lab/home') })).toBe(resolve('/lab/home'));
});
