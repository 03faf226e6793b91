/** Permissions of the window's page. */
import { expect, it, vi } from 'vitest';

type Answer = (granted: boolean) => void;
const handlers = vi.hoisted(() => ({
  request: (_contents: unknown, _permission: string, _answer: (granted: boolean) => void) => {},
  check: (_contents: unknown, _permission: string): boolean => true,
  device: (): boolean => true,
}));
vi.mock('electron', () => ({
  app: { on() {} },
  protocol: { handle() {} },
  session: {
    defaultSession: {
      setPermissionRequestHandler: (handler: typeof handlers.request) => Object.assign(handlers, { request: handler }),
      setPermissionCheckHandler: (handler: typeof handlers.check) => Object.assign(handlers, { check: handler }),
      setDevicePermissionHandler: (handler: typeof handlers.device) => Object.assign(handlers, { device: handler }),
    },
  },
}));
const { serveSite } = await import('#main/window');

it('has no permissions except to copy text and to notify, from our own page', () => {
  serveSite('/nowhere', { download: () => ({}) } as never);
  const page = (url: string) => ({ getURL: () => url });
  const isAllowed = (contents: unknown, permission: string): boolean[] => {
    let granted = false;
    const answer: Answer = (is) => {
      granted = is;
    };
    handlers.request(contents, permission, answer);
    return [granted, handlers.check(contents, permission)];
  };
  const copying = 'clipboard-sanitized-write';
  const others = ['media', 'geolocation', 'clipboard-read', 'midi', 'usb', 'serial', 'hid', 'openExternal'];
  for (const permission of [...others, 'fileSystem', 'display-capture', 'unknown'])
    expect(isAllowed(page('permafrost://app/'), permission), permission).toEqual([false, false]);
  for (const permission of [copying, 'notifications'])
    expect(isAllowed(page('permafrost://app/run/x'), permission)).toEqual([true, true]);
  expect(isAllowed(page('https://evil.example/'), 'notifications')).toEqual([false, false]);
  expect(isAllowed(page('https://evil.example/'), copying)).toEqual([false, false]);
  expect(handlers.check(null, copying)).toBe(false);
  expect(handlers.device()).toBe(false);
});
