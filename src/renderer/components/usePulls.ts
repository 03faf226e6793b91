/** Pulls as they go on. */
import { useRef, useState } from 'react';
import type { PullOf } from '#contract/zoo';

/** While pulls go on nothing but their progress changes; anything else may have changed what is listed. */
const signature = (pulls: readonly PullOf<unknown>[]): string =>
  pulls.map(({ name, state }) => `${name} ${state}`).join();

/** `onData` takes what a subscription to pulls says; `onChange` is called when more than progress may have changed. */
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
