/** The names of the texts that each page keeps in its address after the `?`. The page parses the texts. */
import { z } from 'zod';

/** Turns numbers and booleans that the router has parsed (`?set=5`) back into text, and ignores other values. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);
const texts = <Name extends string>(...names: Name[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, text])) as Record<Name, typeof text>);

export const searches = {
  '/': texts('place', 'grouped', 'sort', 'filter'),
  /** A preset, a run or a body to begin from. */
  '/new': texts('preset', 'from', 'model'),
  '/compare': texts('ids'),
  '/tables': texts('table', 'profile', 'accuracy', 'mae', 'threshold', 'seeds', 'cell', 'view'),
  '/zoo': texts('model', 'text', 'family', 'language', 'licence', 'size', 'here', 'batch', 'train'),
  '/datasets': texts('set'),
  '/help': texts('term'),
};

/** The texts that a page keeps in its address. */
export type SearchName<Path extends keyof typeof searches> = Extract<keyof (typeof searches)[Path]['shape'], string>;
