/** Exports the selected runs: each run, or the mean of each config. */
import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { type DownloadFile, DownloadItems } from '../../components/DownloadItems.tsx';

const ofRuns: DownloadFile[] = [
  { label: 'Runs as CSV', file: 'runs.csv' },
  { label: 'Metrics as CSV', file: 'metrics.csv' },
  { label: 'TensorBoard events', file: 'tensorboard.zip' },
  { label: 'Bundle to verify and rerun', file: 'bundle.zip' },
];
const ofConfigs: DownloadFile[] = [
  { label: 'Means over seeds as CSV', file: 'means.csv' },
  { label: 'Means over seeds as Markdown', file: 'means.md' },
  { label: 'Means over seeds as LaTeX', file: 'means.tex' },
];

export function BulkExport({ ids }: { ids: readonly string[] }) {
  const query = new URLSearchParams(ids.map((id) => ['id', id]));
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <DownloadItems files={ofRuns} query={query} />
        <Menu.Divider />
        <DownloadItems files={ofConfigs} query={query} />
      </Menu.Dropdown>
    </Menu>
  );
}
