/** The load of the processor as a bar per thread. */
import { percentText } from '#contract/format';

const [step, height, widest] = [6, 24, 24];

export function ThreadBars({ loads }: { loads: readonly number[] }) {
  const label = `Load of each thread: ${loads.map((load) => percentText(load)).join(', ')}`;
  const bars = loads.map(
    (load, i) => `M${i * step} ${height}v${(-Math.max(0.04, load) * height).toFixed(1)}h${step - 2}V${height}Z`,
  );
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${loads.length * step} ${height}`}
      preserveAspectRatio="none"
      width={`min(100%, ${loads.length * widest}px)`}
      height={height}
      style={{ display: 'block', marginTop: 8 }}
    >
      <title>{label}</title>
      <path d={bars.join('')} fill="var(--mantine-primary-color-filled)" opacity={0.6} />
    </svg>
  );
}
