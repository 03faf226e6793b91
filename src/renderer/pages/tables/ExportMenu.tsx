/** Saves the table as a file or picture, or prints it. */
import { Button, Menu } from '@mantine/core';
import { IconDownload, IconPhoto, IconPrinter, IconVector } from '@tabler/icons-react';
import { dateTimeText } from '#contract/format';
import type { TableState } from '#contract/tableState';
import { forestPlotSvg } from '#pictures/forestPlot';
import { tableSvg } from '#pictures/tableSvg';
import { pngOf } from '../../chart/png.ts';
import { saveFile } from '../../chart/save.ts';
import { type DownloadFile, DownloadItems } from '../../components/DownloadItems.tsx';
import { attempt } from '../../components/notify.tsx';
import type { TableView } from './useTable.ts';
import { useFetchTestCurves } from './useTestCurves.ts';

/** Files that the app makes of a table. */
const files: DownloadFile[] = [
  { label: 'Cells as CSV', file: 'table.csv' },
  { label: 'Table as Markdown', file: 'table.md' },
  { label: 'Table as LaTeX', file: 'table.tex' },
  { label: 'Runs as CSV', file: 'runs.csv' },
  { label: 'Metrics of all runs as CSV', file: 'metrics.csv' },
  { label: 'TensorBoard events', file: 'tensorboard.zip' },
  { label: 'Bundle to verify and rerun', file: 'bundle.zip' },
];

/** Pictures show the view that the page shows. */
export function ExportMenu({ state, view }: { state: TableState; view: TableView }) {
  const fetchCurves = useFetchTestCurves();
  const { table, profile, tolerance } = state;
  const query = new URLSearchParams({
    ...{ table: table.id, profile },
    ...{ accuracy: String(tolerance.accuracy), mae: String(tolerance.mae) },
    ...(tolerance.threshold === undefined ? {} : { threshold: String(tolerance.threshold) }),
  });
  const save = (work: () => Promise<void>) => void attempt('The file could not be saved', work);
  const name = `${table.id}-${profile}`;
  const picture = async () => {
    const date = dateTimeText(Date.now());
    return view === 'numbers' ? tableSvg(state, date) : forestPlotSvg(state, await fetchCurves(state), date);
  };
  const png = async () => saveFile(`${name}.png`, await pngOf(await picture()));
  const svg = async () => saveFile(`${name}.svg`, (await picture()).svg, 'image/svg+xml');
  const pictureName = view === 'numbers' ? 'Picture' : 'Forest plot';
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
          {pictureName} (PNG)
        </Menu.Item>
        <Menu.Item leftSection={<IconVector size={15} />} onClick={() => save(svg)}>
          {pictureName} (SVG)
        </Menu.Item>
        <Menu.Item leftSection={<IconPrinter size={15} />} onClick={() => window.print()}>
          Print, or save as PDF
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
