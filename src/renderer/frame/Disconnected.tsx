/** What a lost connection means and what to do; shown while it is lost. */
import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';

/** lost: it may come back. restarted: another server answers here, which wants its own address. gone: nothing answers. */
type Loss = 'lost' | 'restarted' | 'gone';

const texts: Record<Loss, string> = {
  lost: 'The connection to Permafrost was lost. This window connects again by itself when Permafrost answers.',
  restarted:
    'Permafrost was restarted and has a new address. Open the address that it printed in its terminal; this tab cannot connect to it.',
  gone: 'Permafrost does not answer. If it has ended, start it again (npm start) and open the address that it prints in its terminal. If it comes back under this address, this tab connects by itself.',
};

/** Milliseconds between two questions, and until silence counts as the end. */
const [pause, patience] = [2000, 8000];

export function Disconnected() {
  const [loss, setLoss] = useState<Loss>('lost');
  useEffect(() => {
    if (window.permafrost) return; // Electron's channel has no address that could change
    const start = performance.now();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const status = await answerOf('/');
      if (status === 401) setLoss('restarted');
      else setLoss(status === null && performance.now() - start > patience ? 'gone' : 'lost');
      timer = setTimeout(ask, pause);
    };
    timer = setTimeout(ask, pause);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Text role="status" size="sm" px="sm" py={6} mb="sm" bg="var(--permafrost-selected)" bdrs="sm">
      {texts[loss]}
    </Text>
  );
}

/** The status that the server answers with; null where none does. */
async function answerOf(path: string): Promise<number | null> {
  try {
    return (await fetch(path, { method: 'HEAD', cache: 'no-store' })).status;
  } catch {
    return null;
  }
}
