/** Saves the table as a file, a picture or a print. */
import { Button, Menu } from '@mantine/core';
import { IconDownload, IconPhoto, IconPrinter, IconVector } from '@tabler/icons-react';
import { dateTimeText } from '#contract/format';
import type { TableState } from '#contract/tableState';
import { pngOf } from '../../chart/png.ts';
import { saveFile } from '../../chart/save.ts';
import { type DownloadFile, DownloadItems } from '../../components/DownloadItems.tsx';
import { attempt } from '../../components/notify.tsx';
import { tableSvg } from './tableSvg.ts';

/** Files that the app makes from a table. */
const files: DownloadFile[] = [
  { label: 'Cells as CSV', file: 'table.csv' },
  { label: 'Table as Markdown', file: 'table.md' },
  { label: 'Table as LaTeX', file: 'table.tex' },
  { label: 'Runs as CSV', file: 'runs.csv' },
  { label: 'Metrics of all runs as CSV', file: 'metrics.csv' },
  { label: 'TensorBoard events', file: 'tensorboard.zip' },
  { label: 'Bundle to verify and rerun', file: 'bundle.zip' },
];

export function ExportMenu({ state }: { state: TableState }) {
  const { table, profile, tolerance } = state;
  const query = new URLSearchParams({
    ...{ table: table.id, profile },
    ...{ accuracy: String(tolerance.accuracy), mae: String(tolerance.mae) },
  });
  const save = (work: () => Promise<void>) => void attempt('It could not be saved', work);
  const name = `${table.id}-${profile}`;
  const picture = () => tableSvg(state, dateTimeText(Date.now()));
  const png = async () => saveFile(`${name}.png`, await pngOf(picture()));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} />} className="no-print">
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <DownloadItems files={files} query={query} />
        <Menu.Divider />
        <Menu.Item leftSection={<IconPhoto size={15} />} onClick={() => save(png)}>
          Picture (PNG)
        </Menu.Item>
        <Menu.Item
          leftSection={<IconVector size={15} />}
          onClick={() => saveFile(`${name}.svg`, picture().svg, 'image/svg+xml')}
        >
          Picture (SVG)
        </Menu.Item>
        <Menu.Item leftSection={<IconPrinter size={15} />} onClick={() => window.print()}>
          Print, or save as PDF
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
