/** The router over the table of pages. A page that fails keeps its frame, so that the user can leave it. */
import { createRouter, type ErrorComponentProps, type RouterHistory } from '@tanstack/react-router';
import { EmptyState } from './components/EmptyState.tsx';
import { ErrorState } from './components/ErrorState.tsx';
import { LinkButton } from './components/LinkButton.tsx';
import { Loading } from './components/Loading.tsx';
import { Frame } from './frame/Frame.tsx';
import { pages, root } from './routes.tsx';

export function createAppRouter(history: RouterHistory) {
  root.update({ component: Frame });
  return createRouter({
    routeTree: root.addChildren(pages.map(({ route }) => route)),
    history,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NoSuchPage,
    defaultPendingComponent: () => <Loading what="the page" />,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}

function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <ErrorState
      title="This page has failed"
      error={error}
      onRetry={reset}
      action={<LinkButton to="/">Go to the runs</LinkButton>}
    />
  );
}

function NoSuchPage() {
  return (
    <EmptyState title="This page does not exist" action={<LinkButton to="/">Go to the runs</LinkButton>}>
      The address may come from another version of Permafrost.
    </EmptyState>
  );
}
