/** Buttons that copy a text and say so for two seconds. */
import { Button, type ButtonProps, CopyButton } from '@mantine/core';
import { IconCheck, IconTerminal2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface CopyTextProps extends Pick<ButtonProps, 'size' | 'disabled'> {
  text: string;
  icon?: ReactNode;
  title?: string;
  children: string;
}

export function CopyText({ text, icon, children, ...button }: CopyTextProps) {
  return (
    <CopyButton value={text} timeout={2000}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          leftSection={icon && copied ? <IconCheck size={15} /> : icon}
          onClick={copy}
          {...button}
        >
          {copied ? 'Copied' : children}
        </Button>
      )}
    </CopyButton>
  );
}

/** Copies the shell command that does the same; disabled while it is empty. */
export function CopyCommand({ command }: { command: string }) {
  return (
    <CopyText
      text={command}
      icon={<IconTerminal2 size={15} />}
      title={command.split('\n')[0]}
      disabled={command === ''}
    >
      Copy as command
    </CopyText>
  );
}
