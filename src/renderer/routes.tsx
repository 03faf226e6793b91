/** The pages, a row each. A row with an icon appears in the navigation. The first page is part of the main bundle; the others load when opened. */
import {
  IconArrowsDiff,
  IconBox,
  IconCpu,
  IconDatabase,
  IconFlask2,
  IconHelpCircle,
  IconList,
  IconStack2,
  IconTable,
} from '@tabler/icons-react';
import { createRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { RunsPage } from './pages/runs/RunsPage.tsx';
import { searches } from './searches.ts';

/** Headings of the navigation, in their order; one without pages is not shown. */
export const sections = ['Lab', 'Library'] as const;

interface Nav {
  section: (typeof sections)[number];
  icon: ComponentType<{ size?: number; stroke?: number }>;
}
const nav = (section: Nav['section'], icon: Nav['icon']): Nav => ({ section, icon });

/** The frame around the pages; the router sets its component. */
export const root = createRootRoute();
const inRoot = { getParentRoute: () => root };

export const pages = [
  {
    path: '/',
    title: 'Runs',
    nav: nav('Lab', IconList),
    route: createRoute({ ...inRoot, path: '/', validateSearch: searches['/'], component: RunsPage }),
  },
  {
    path: '/new',
    title: 'New run',
    nav: nav('Lab', IconFlask2),
    route: createRoute({
      ...inRoot,
      path: '/new',
      validateSearch: searches['/new'],
      component: lazyRouteComponent(() => import('./pages/newRun/NewRunPage.tsx'), 'NewRunPage'),
    }),
  },
  {
    path: '/runs/$id',
    title: 'Run',
    nav: null,
    route: createRoute({
      ...inRoot,
      path: '/runs/$id',
      component: lazyRouteComponent(() => import('./pages/run/RunPage.tsx'), 'RunPage'),
    }),
  },
  {
    path: '/compare',
    title: 'Compare',
    nav: nav('Lab', IconArrowsDiff),
    route: createRoute({
      ...inRoot,
      path: '/compare',
      validateSearch: searches['/compare'],
      component: lazyRouteComponent(() => import('./pages/compare/ComparePage.tsx'), 'ComparePage'),
    }),
  },
  {
    path: '/tables',
    title: 'Paper tables',
    nav: nav('Lab', IconTable),
    route: createRoute({
      ...inRoot,
      path: '/tables',
      validateSearch: searches['/tables'],
      component: lazyRouteComponent(() => import('./pages/tables/TablesPage.tsx'), 'TablesPage'),
    }),
  },
  {
    path: '/queue',
    title: 'Queue',
    nav: nav('Lab', IconStack2),
    route: createRoute({
      ...inRoot,
      path: '/queue',
      component: lazyRouteComponent(() => import('./pages/queue/QueuePage.tsx'), 'QueuePage'),
    }),
  },
  {
    path: '/devices',
    title: 'Devices',
    nav: nav('Lab', IconCpu),
    route: createRoute({
      ...inRoot,
      path: '/devices',
      component: lazyRouteComponent(() => import('./pages/devices/DevicesPage.tsx'), 'DevicesPage'),
    }),
  },
  {
    path: '/zoo',
    title: 'Model zoo',
    nav: nav('Library', IconBox),
    route: createRoute({
      ...inRoot,
      path: '/zoo',
      validateSearch: searches['/zoo'],
      component: lazyRouteComponent(() => import('./pages/zoo/ZooPage.tsx'), 'ZooPage'),
    }),
  },
  {
    path: '/datasets',
    title: 'Datasets',
    nav: nav('Library', IconDatabase),
    route: createRoute({
      ...inRoot,
      path: '/datasets',
      validateSearch: searches['/datasets'],
      component: lazyRouteComponent(() => import('./pages/datasets/DatasetsPage.tsx'), 'DatasetsPage'),
    }),
  },
  {
    path: '/help',
    title: 'Help',
    nav: nav('Library', IconHelpCircle),
    route: createRoute({
      ...inRoot,
      path: '/help',
      validateSearch: searches['/help'],
      component: lazyRouteComponent(() => import('./pages/help/HelpPage.tsx'), 'HelpPage'),
    }),
  },
] as const;
