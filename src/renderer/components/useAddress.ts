/** Page state that is kept in the address, so that history and reload restore it. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { SearchName, searches } from '../searches.ts';

export interface Address<Name extends string> {
  /** Returns a value, or the empty text if the address has none. */
  get(name: Name): string;
  /** Changes the given values and removes empty ones. Adds no entry to the history. */
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
