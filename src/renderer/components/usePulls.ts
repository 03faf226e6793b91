/** The state of running downloads. */
import { useRef, useState } from 'react';
import type { PullOf } from '#contract/zoo';

/** Stays the same object while only progress changes; a new one means that the list may have changed. */
const signature = (pulls: readonly PullOf<unknown>[]): string =>
  pulls.map(({ name, state }) => `${name} ${state}`).join();

/** `onData` takes the values of a subscription to pulls; `onChange` is called if more than progress may have changed. */
export function usePulls<P>(onChange: () => void) {
  const [pulls, setPulls] = useState<readonly PullOf<P>[]>([]);
  const last = useRef<string | null>(null);
  const onData = (now: readonly PullOf<P>[]) => {
    setPulls(now);
    const next = signature(now);
    const isProgress = next === last.current && now.some(({ state }) => state === 'running');
    if (last.current !== null && !isProgress) onChange();
    last.current = next;
  };
  return { pulls, onData };
}
