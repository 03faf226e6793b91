import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { deviceServices } from '#app/devices';

it('twenty open device pages query the machine once a second, not twenty times', async () => {
  const stop = new AbortController();
  const pages = Array.from({ length: 20 }, () => deviceServices(tmpdir()).live(stop.signal));
  for (let second = 0; second < 2; second++) {
    const loads = await Promise.all(pages.map((page) => page.next()));
    expect(new Set(loads.map(({ value }) => value)).size).toBe(1);
  }
  stop.abort();
});
