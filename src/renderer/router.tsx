/** The router over the table of pages. Errors of a page stay inside the frame, so that one can leave it. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  type RouterHistory,
} from '@tanstack/react-router';
import { EmptyState } from './components/EmptyState.tsx';
import { ErrorState } from './components/ErrorState.tsx';
import { LinkButton } from './components/LinkButton.tsx';
import { Loading } from './components/Loading.tsx';
import { Frame } from './frame/Frame.tsx';
import { pages } from './routes.tsx';

export function createAppRouter(history: RouterHistory) {
  const root = createRootRoute({ component: Frame });
  const routes = pages.map(({ path, component }) => createRoute({ getParentRoute: () => root, path, component }));
  return createRouter({
    routeTree: root.addChildren(routes),
    history,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NoSuchPage,
    defaultPendingComponent: () => <Loading what="the page" />,
  });
}

function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <ErrorState
      title="This page stopped working"
      error={error}
      onRetry={reset}
      action={<LinkButton to="/">Go to the runs</LinkButton>}
    />
  );
}

function NoSuchPage() {
  return (
    <EmptyState title="There is no such page" action={<LinkButton to="/">Go to the runs</LinkButton>}>
      The address may come from another version of Permafrost.
    </EmptyState>
  );
}
