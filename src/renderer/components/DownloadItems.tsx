/** Items of a menu that save what the app makes on the fly. */
import { Menu } from '@mantine/core';
import { IconFile } from '@tabler/icons-react';
import { saveDownload } from '../client/download.ts';
import { attempt } from './notify.tsx';

export interface DownloadFile {
  label: string;
  /** As `/download/…` names it. */
  file: string;
}

export function DownloadItems({ files, query }: { files: readonly DownloadFile[]; query: URLSearchParams }) {
  return files.map(({ label, file }) => (
    <Menu.Item
      key={file}
      leftSection={<IconFile size={15} />}
      onClick={() => void attempt('It could not be saved', () => saveDownload(`/download/${file}?${query}`))}
    >
      {label}
    </Menu.Item>
  ));
}
