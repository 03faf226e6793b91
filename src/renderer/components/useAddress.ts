/** State that a page keeps in its address, so that history and reload restore it. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { SearchName, searches } from '../searches.ts';

export interface Address<Name extends string> {
  /** Empty when it is not there. */
  get(name: Name): string;
  /** Changes some, leaves the others; an empty one goes. Makes no entry in the history. */
  set(changes: Partial<Record<Name, string>>): void;
}

export function useAddress<Path extends keyof typeof searches>(): Address<SearchName<Path>> {
  const search: Partial<Record<string, string>> = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (changes: Partial<Record<string, string>>) => {
      const next = (old: object) =>
        Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ''));
      void navigate({ to: '.', search: next, replace: true });
    },
    [navigate],
  );
  return { get: (name) => search[name] ?? '', set };
}
