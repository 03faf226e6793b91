/**
 * The network as a picture: frozen parts are blue and hatched, trained parts warm. In the form each part is a switch of
 * its freeze flag (click, Space or Enter). A legend names the colours.
 */
import { type CSSProperties, type KeyboardEvent, type ReactNode, useId } from 'react';
import type { ConfigField } from '#contract/config';
import { countText, plural, shortCountText } from '#contract/format';
import { type NetworkPart, type PartBox, partBoxes } from './network.ts';

const ice = { fill: 'light-dark(#e3f2fd, #14344d)', line: 'light-dark(#4c8fc0, #6db4e3)' };
const warm = { fill: 'light-dark(#ffe0b8, #6b3d0c)', line: 'light-dark(#c76a00, #ffae57)' };
const ink = 'light-dark(#212529, #f1f3f5)';
const quiet = 'light-dark(#495057, #ced4da)';

export interface NetworkPictureProps {
  parts: readonly NetworkPart[];
  blocks: number;
  /** The name of the body, such as gpt2. */
  body: string;
  bodyFrozen: boolean;
  /** Absent: the parts are no switches. */
  onToggle?(flag: ConfigField): void;
}

export function NetworkPicture({ parts, blocks, body, bodyFrozen, onToggle }: NetworkPictureProps) {
  const id = useId();
  const hatch = `${id}-hatch`;
  const places = partBoxes(parts);
  const begins = parts.some(({ part, inBlock }) => !inBlock && part !== 'input' && part !== 'output');
  return (
    <svg viewBox="0 0 800 252" width="100%">
      <title>The network: which parts are trained</title>
      <defs>
        <pattern id={hatch} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line x1="0" y1="0" x2="0" y2="7" style={{ stroke: ice.line, strokeOpacity: 0.35 }} strokeWidth="2" />
        </pattern>
        <marker id={`${id}-arrow`} viewBox="0 0 6 6" refX="5" refY="3" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0L6 3L0 6z" style={{ fill: quiet }} />
        </marker>
      </defs>

      <Switch
        label={`Transformer ${body}: ${bodyFrozen ? 'frozen, except for the trained parts inside' : 'trained as a whole'}`}
        checked={bodyFrozen}
        onToggle={onToggle && (() => onToggle('freeze_trans'))}
      >
        <rect x="140" y="6" width="528" height="218" rx="12" style={frameStyle(bodyFrozen)} />
        <text x="156" y="30" fontSize="14" fontWeight="600" style={{ fill: ink }}>
          {body}
        </text>
        <text x="652" y="30" fontSize="12" textAnchor="end" style={{ fill: quiet }}>
          {`${bodyFrozen ? 'transformer frozen' : 'whole transformer trained'}${onToggle ? (bodyFrozen ? ': click to train all of it' : ': click to freeze it') : ''}`}
        </text>
      </Switch>
      {[8, 4].map((offset) => (
        <rect
          key={offset}
          x={284 + offset}
          y={72 - offset}
          width="360"
          height="132"
          rx="8"
          style={{ fill: 'none', stroke: quiet, strokeOpacity: 0.5 }}
        />
      ))}
      <rect
        x="284"
        y="72"
        width="360"
        height="132"
        rx="8"
        style={{ fill: 'light-dark(#ffffff, #2e2e2e)', stroke: quiet }}
      />
      <text x="464" y="218" fontSize="12" textAnchor="middle" style={{ fill: quiet }}>
        {plural(blocks, 'block')}
      </text>
      {[...(begins ? ['M112 142H154', 'M260 142H298'] : ['M112 142H298']), 'M632 142H686'].map((path) => (
        <path key={path} d={path} style={{ stroke: quiet }} strokeWidth="1.5" markerEnd={`url(#${id}-arrow)`} />
      ))}

      {parts.map((part) => (
        <Part
          key={`${part.part} ${part.inBlock}`}
          part={part}
          boxes={places.get(part) ?? []}
          hatch={hatch}
          onToggle={
            onToggle && part.flag && (bodyFrozen || !bodyFlags.includes(part.flag))
              ? () => onToggle(part.flag!)
              : undefined
          }
        />
      ))}

      <Key x={8} trained={false} hatch={hatch} label="frozen" />
      <Key x={78} trained hatch={hatch} label="trained" />
    </svg>
  );
}

/** Flags without effect while the whole body is trained. */
const bodyFlags: ConfigField[] = ['freeze_pos', 'freeze_ln', 'freeze_attn', 'freeze_ff'];

const frameStyle = (frozen: boolean): CSSProperties => ({
  fill: frozen ? ice.fill : warm.fill,
  fillOpacity: 0.35,
  stroke: frozen ? ice.line : warm.line,
  strokeDasharray: frozen ? undefined : '5 4',
});

interface PartProps {
  part: NetworkPart;
  boxes: readonly PartBox[];
  hatch: string;
  onToggle: (() => void) | undefined;
}

function Part({ part: { part, title, count, trained }, boxes, hatch, onToggle }: PartProps) {
  const words = `${title}: ${countText(count)} parameters, ${trained ? 'trained' : 'frozen'}`;
  const content = boxes.map(([x, y, width, height]) => (
    <g key={x}>
      <Box x={x} y={y} width={width} height={height} trained={trained} hatch={hatch} />
      <Words x={x + width / 2} y={y + height / 2} title={width < 60 ? 'LN' : title} count={width < 60 ? null : count} />
    </g>
  ));
  const norm = part === 'norm' && (
    <text x="406" y="90" fontSize="11.5" textAnchor="middle" style={{ fill: quiet }}>
      {`layer norms ${shortCountText(count)}`}
    </text>
  );
  return (
    <Switch label={words} checked={!trained} onToggle={onToggle}>
      {content}
      {norm}
    </Switch>
  );
}

function Box({ x, y, width, height, trained, hatch }: Record<'x' | 'y' | 'width' | 'height', number> & PictureOf) {
  const { fill, line } = trained ? warm : ice;
  return (
    <>
      <rect x={x} y={y} width={width} height={height} rx="6" style={{ fill, stroke: line }} strokeWidth="1.5" />
      {!trained && <rect x={x} y={y} width={width} height={height} rx="6" fill={`url(#${hatch})`} />}
    </>
  );
}

interface PictureOf {
  trained: boolean;
  hatch: string;
}

function Words({ x, y, title, count }: { x: number; y: number; title: string; count: number | null }) {
  return (
    <text textAnchor="middle" style={{ fill: ink, pointerEvents: 'none' }}>
      <tspan x={x} y={count === null ? y + 5 : y - 3} fontSize="12.5" fontWeight="600">
        {title}
      </tspan>
      {count !== null && (
        <tspan x={x} y={y + 15} fontSize="12">
          {shortCountText(count)}
        </tspan>
      )}
    </text>
  );
}

function Key({ x, label, ...look }: { x: number; label: string } & PictureOf) {
  return (
    <g>
      <Box x={x} y={232} width={16} height={14} {...look} />
      <text x={x + 22} y={243} fontSize="12" style={{ fill: quiet }}>
        {label}
      </text>
    </g>
  );
}

interface SwitchProps {
  label: string;
  /** Whether its parameters are frozen. */
  checked: boolean;
  /** Undefined if the part is no switch. */
  onToggle: (() => void) | undefined;
  children: ReactNode;
}

function Switch({ label, checked, onToggle, children }: SwitchProps) {
  if (!onToggle)
    return (
      <g>
        <title>{label}</title>
        {children}
      </g>
    );
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    onToggle();
  };
  return (
    <g
      role="switch"
      aria-checked={checked}
      aria-label={label}
      tabIndex={0}
      onClick={onToggle}
      onKeyDown={onKeyDown}
      style={{ cursor: 'pointer' }}
    >
      <title>{label}</title>
      {children}
    </g>
  );
}
