/** The window: providers around the router. The caller passes the client, the history and the cache. */
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './styles.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { RouterHistory } from '@tanstack/react-router';
import { RouterProvider } from '@tanstack/react-router';
import type { TRPCClient } from '@trpc/client';
import { useState } from 'react';
import type { AppRouter } from '#contract/router';
import { TRPCProvider } from './client/trpc.ts';
import { createAppRouter } from './router.tsx';
import { cssVariables, theme } from './theme.ts';

interface AppProps {
  client: TRPCClient<AppRouter>;
  history: RouterHistory;
}

/** The server is on this machine, so queries ignore the network state and are not repeated when the window gets the focus. */
export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: { networkMode: 'always', refetchOnWindowFocus: false, retry: false, staleTime: 2000 },
      mutations: { networkMode: 'always' },
    },
  });

export function App({ client, history }: AppProps) {
  const [queries] = useState(createQueryClient);
  const [router] = useState(() => createAppRouter(history));
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={queries}>
        <TRPCProvider trpcClient={client} queryClient={queries}>
          <RouterProvider router={router} />
        </TRPCProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
