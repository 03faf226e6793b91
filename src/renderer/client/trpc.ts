/** The typed client of the pages: every procedure of the router as options for TanStack Query. */
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '#contract/router';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
