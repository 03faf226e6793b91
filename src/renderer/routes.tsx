/** The pages, a row each. A row with an icon appears in the navigation. */
import {
  IconArrowsDiff,
  IconBox,
  IconCpu,
  IconDatabase,
  IconFlask2,
  IconList,
  IconStack2,
  IconTable,
} from '@tabler/icons-react';
import { lazyRouteComponent, type RouteComponent } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { RunsPage } from './pages/runs/RunsPage.tsx';

/** Headings of the navigation, in their order; one without pages is not shown. */
export const sections = ['Lab', 'Library'] as const;

export interface PageRow {
  /** In the syntax of TanStack Router: `/runs/$id`. */
  path: string;
  title: string;
  component: RouteComponent;
  /** In the navigation: where and with which icon. */
  nav?: { section: (typeof sections)[number]; icon: ComponentType<{ size?: number; stroke?: number }> };
}

/** Only the first page comes with the window; the others are loaded when they are opened. */
export const pages: readonly PageRow[] = [
  { path: '/', title: 'Runs', component: RunsPage, nav: { section: 'Lab', icon: IconList } },
  {
    path: '/new',
    title: 'New run',
    component: lazyRouteComponent(() => import('./pages/newRun/NewRunPage.tsx'), 'NewRunPage'),
    nav: { section: 'Lab', icon: IconFlask2 },
  },
  {
    path: '/runs/$id',
    title: 'Run',
    component: lazyRouteComponent(() => import('./pages/run/RunPage.tsx'), 'RunPage'),
  },
  {
    path: '/compare',
    title: 'Compare',
    component: lazyRouteComponent(() => import('./pages/compare/ComparePage.tsx'), 'ComparePage'),
    nav: { section: 'Lab', icon: IconArrowsDiff },
  },
  {
    path: '/tables',
    title: 'Paper tables',
    component: lazyRouteComponent(() => import('./pages/tables/TablesPage.tsx'), 'TablesPage'),
    nav: { section: 'Lab', icon: IconTable },
  },
  {
    path: '/queue',
    title: 'Queue',
    component: lazyRouteComponent(() => import('./pages/queue/QueuePage.tsx'), 'QueuePage'),
    nav: { section: 'Lab', icon: IconStack2 },
  },
  {
    path: '/devices',
    title: 'Devices',
    component: lazyRouteComponent(() => import('./pages/devices/DevicesPage.tsx'), 'DevicesPage'),
    nav: { section: 'Lab', icon: IconCpu },
  },
  {
    path: '/zoo',
    title: 'Model zoo',
    component: lazyRouteComponent(() => import('./pages/zoo/ZooPage.tsx'), 'ZooPage'),
    nav: { section: 'Library', icon: IconBox },
  },
  {
    path: '/datasets',
    title: 'Datasets',
    component: lazyRouteComponent(() => import('./pages/datasets/DatasetsPage.tsx'), 'DatasetsPage'),
    nav: { section: 'Library', icon: IconDatabase },
  },
];
