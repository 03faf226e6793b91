/** A small line of shares between 0 and 1, with the newest on the right. */
interface SparklineProps {
  label: string;
  values: readonly number[];
  /** Number of values that fill the width. */
  length: number;
}

const [width, height] = [240, 40];
const accent = 'var(--mantine-primary-color-filled)';

export function Sparkline({ label, values, length }: SparklineProps) {
  const x = (index: number): string => (width - ((values.length - 1 - index) * width) / (length - 1)).toFixed(1);
  const y = (value: number): string => (height - 1 - Math.max(0, Math.min(1, value)) * (height - 2)).toFixed(1);
  const line = `M${values.map((value, i) => `${x(i)} ${y(value)}`).join('L')}`;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      width="100%"
      height={height}
      style={{ display: 'block', background: 'var(--permafrost-surface)', borderRadius: 3 }}
    >
      <title>{label}</title>
      <path d={`${line}L${width} ${height}L${x(0)} ${height}Z`} fill={accent} opacity={0.15} />
      <path d={line} fill="none" stroke={accent} strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
