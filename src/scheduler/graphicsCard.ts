/** Which graphics card a run computes on: two runs on one card would halve its speed and share its memory. Pure. */

/** The number of the card in the name of a device, as configs and trainers write it; null for a device that is none. */
export function graphicsCardOf(device: string): number | null {
  const [, name, number = '0'] = /^(webgpu|cuda)(?::(\d+))?(?: |$)/.exec(device) ?? [];
  return name ? Number(number) : null;
}
