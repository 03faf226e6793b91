/** Announces runs and tables that end: in the window, or as a system notification while the window is hidden, if permitted. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { RunRow } from '#contract/runRow';
import { useTRPC } from '../client/trpc.ts';
import { notifyEnd } from '../components/notify.tsx';
import { type Ending, endingsOf, withSeen } from '../runs/endings.ts';

/** Runs that end within this many milliseconds share a message. */
const pause = 1500;

export function useEndNotices(): void {
  const trpc = useTRPC();
  const navigate = useNavigate();
  const rows = useQuery(trpc.runs.list.queryOptions()).data;
  const tables = useQuery({ ...trpc.tables.list.queryOptions(), staleTime: Number.POSITIVE_INFINITY }).data;
  const told = useRef<readonly RunRow[] | null>(null);
  const latest = useRef<readonly RunRow[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (!rows || !tables) return;
    told.current = withSeen(told.current ?? rows, rows);
    latest.current = rows;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const names = tables.map(({ id }) => id);
      const endings = endingsOf(told.current!, latest.current, names);
      told.current = latest.current;
      for (const ending of endings) {
        const open = () => void navigate(ending.link);
        if (document.hasFocus() || !tellBySystem(ending, open)) notifyEnd(ending, open);
      }
    }, pause);
  }, [rows, tables, navigate]);
  useEffect(() => () => clearTimeout(timer.current), []);
}

/** Shows a system notification; false if that is not permitted. */
function tellBySystem({ title, body }: Ending, open: () => void): boolean {
  if (!('Notification' in window) || Notification.permission !== 'granted') return false;
  const notification = new Notification(title, { body });
  notification.onclick = () => {
    window.focus();
    open();
  };
  return true;
}
