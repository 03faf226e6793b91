/**
 * The look: a lab instrument. Cool greys, one icy accent, small dense controls, tabular digits. No fonts or pictures
 * from elsewhere. Every text colour has a contrast of 4.5 or more on its background (axe checks it).
 */
import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  Menu,
  Modal,
  SegmentedControl,
  Table,
  Tooltip,
  type VariantColorsResolver,
} from '@mantine/core';
import { type Tone, tones } from '#pictures/colors';

const ice: MantineColorsTuple = [
  ...(['#ebf6fa', '#d7ecf3', '#add9e8', '#7bcae2', '#5ab8d6'] as const),
  ...(['#369fc2', '#1f87ab', '#11708f', '#0e627f', '#0a4a61'] as const),
];
const gray: MantineColorsTuple = [
  ...(['#f6f9fa', '#edf2f4', '#e2e9ed', '#d3dce2', '#b9c5cd'] as const),
  ...(['#8d9ba6', '#566370', '#434f5a', '#2c363f', '#182027'] as const),
];
/** From text (0) to the darkest background (9), in Mantine's order: 6 surfaces, 7 page. */
const dark: MantineColorsTuple = [
  ...(['#d5dee6', '#b8c4ce', '#93a1ae', '#5f6f7c', '#34424e'] as const),
  ...(['#27323c', '#1b242d', '#131a21', '#0e141a', '#090d11'] as const),
];

export const toneColor = (tone: Tone): string => `var(--permafrost-${tone})`;

/** Mantine chooses the text colour of a filled button for the light shade; our dark theme has another shade. */
const readableOnPrimary: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  const isPrimary = (input.color ?? input.theme.primaryColor) === input.theme.primaryColor;
  return input.variant === 'filled' && isPrimary
    ? { ...colors, color: 'var(--mantine-primary-color-contrast)' }
    : colors;
};

const overlayTitle = { title: { fontSize: 'var(--mantine-h2-font-size)', fontWeight: 600 } };

export const theme = createTheme({
  colors: { ice, gray, dark },
  primaryColor: 'ice',
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  luminanceThreshold: 0.3,
  variantColorResolver: readableOnPrimary,
  fontFamily: 'Inter, "Segoe UI", system-ui, -apple-system, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '19px' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '20px' }, h2: { fontSize: '16px' }, h3: { fontSize: '14px' } },
  },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray' } }),
    Badge: Badge.extend({ defaultProps: { tt: 'none', fw: 500, variant: 'light' } }),
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    Checkbox: Checkbox.extend({ defaultProps: { iconColor: 'var(--mantine-primary-color-contrast)' } }),
    Drawer: Drawer.extend({ styles: overlayTitle }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', withinPortal: true } }),
    Modal: Modal.extend({ styles: overlayTitle }),
    SegmentedControl: SegmentedControl.extend({ styles: { label: { paddingInline: 10 } } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 6 } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: true, multiline: true, maw: 320 } }),
  },
});

const variables = (side: 0 | 1): Record<string, string> =>
  Object.fromEntries(Object.entries(tones).map(([tone, pair]) => [`--permafrost-${tone}`, pair[side]]));

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...variables(0),
    '--mantine-color-dimmed': gray[6],
    '--mantine-color-placeholder': '#6b7884',
    '--mantine-color-error': tones.bad[0],
    '--permafrost-surface': gray[0],
    '--permafrost-hover': gray[1],
    '--permafrost-selected': ice[0],
    '--permafrost-line': gray[2],
  },
  dark: {
    ...variables(1),
    '--mantine-color-dimmed': dark[2],
    '--mantine-color-placeholder': '#8896a3',
    '--mantine-color-error': tones.bad[1],
    '--mantine-color-ice-light': 'var(--permafrost-selected)',
    '--mantine-color-ice-light-hover': '#1d4050',
    '--permafrost-surface': dark[6],
    '--permafrost-hover': '#202b35',
    '--permafrost-selected': '#173440',
    '--permafrost-line': '#283641',
  },
});
