/** Interpolates colours. Pure. */

export type Color = readonly [red: number, green: number, blue: number];

/** The CSS colour at a share (0 to 1) of a ramp. */
export function rampColor(ramp: readonly Color[], share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(at));
  const mixed = ramp[low].map((from, i) => Math.round(from + (at - low) * (ramp[low + 1][i] - from)));
  return `rgb(${mixed.join(', ')})`;
}
