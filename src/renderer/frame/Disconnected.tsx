/** Says what to do while the connection is lost. */
import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';

/** lost: it may come back. restarted: a new server answers here and needs its own address. gone: nothing answers. */
type Loss = 'lost' | 'restarted' | 'gone';

const texts: Record<Loss, string> = {
  lost: 'The connection to Permafrost was lost. This window reconnects as soon as Permafrost answers.',
  restarted:
    'Permafrost was restarted and has a new address. Open the address that it printed in its terminal; this tab cannot reconnect.',
  gone: 'Permafrost does not answer. If it has exited, start it again (npm start) and open the address that it prints in its terminal. If it answers again at this address, this tab reconnects.',
};

/** Milliseconds between two requests to the server, and without an answer until it counts as gone. */
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

/** The HTTP status of the server; null if it does not answer. */
async function answerOf(path: string): Promise<number | null> {
  try {
    return (await fetch(path, { method: 'HEAD', cache: 'no-store' })).status;
  } catch {
    return null;
  }
}
