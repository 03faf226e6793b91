/** Menu items that save files which the app makes on request. */
import { Menu } from '@mantine/core';
import { IconFile } from '@tabler/icons-react';
import { saveDownload } from '../client/download.ts';
import { attempt } from './notify.tsx';

export interface DownloadFile {
  label: string;
  /** Its name after `/download/`. */
  file: string;
}

export function DownloadItems({ files, query }: { files: readonly DownloadFile[]; query: URLSearchParams }) {
  return files.map(({ label, file }) => (
    <Menu.Item
      key={file}
      leftSection={<IconFile size={15} />}
      onClick={() => void attempt('The file could not be saved', () => saveDownload(`/download/${file}?${query}`))}
    >
      {label}
    </Menu.Item>
  ));
}
