/** State that a page keeps in its address, so that history and reload restore it. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

export interface Address {
  /** Empty when it is not there. */
  get(name: string): string;
  /** Changes some, leaves the others; an empty one goes. Makes no entry in the history. */
  set(changes: Record<string, string>): void;
}

export function useAddress(): Address {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const set = useCallback(
    (changes: Record<string, string>) => {
      const next = (old: Record<string, unknown>) =>
        Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ''));
      void navigate({ to: '.', search: next as never, replace: true });
    },
    [navigate],
  );
  return { get: (name) => (search[name] === undefined ? '' : String(search[name])), set };
}
