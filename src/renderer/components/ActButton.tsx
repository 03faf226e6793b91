/** A small icon button with a tooltip. */
import { ActionIcon, Tooltip } from '@mantine/core';
import type { IconX } from '@tabler/icons-react';

interface ActButtonProps {
  label: string;
  icon: typeof IconX;
  onClick(): Promise<void>;
}

export function ActButton({ label, icon: Icon, onClick }: ActButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} size="sm" onClick={() => void onClick()}>
        <Icon size={15} />
      </ActionIcon>
    </Tooltip>
  );
}
