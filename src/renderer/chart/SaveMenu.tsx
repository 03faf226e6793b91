/** Saves a chart: its numbers as CSV, the picture on the screen as PNG, and one for print as SVG. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';

interface SaveMenuProps {
  title: string;
  /** Content of the CSV file. */
  numbers: string;
  onCsv(): void;
  /** Absent where this browser cannot draw PNG. */
  onPng?: () => void;
  onSvg(): void;
}

export function SaveMenu({ title, numbers, onCsv, onPng, onSvg }: SaveMenuProps) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Save ${title}`}>
          <IconDownload size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={onCsv}>CSV, {numbers}</Menu.Item>
        <Menu.Item disabled={!onPng} onClick={onPng}>
          PNG, as on the screen
        </Menu.Item>
        <Menu.Item onClick={onSvg}>SVG, for print</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
