/** Gives the page a message channel to the main process, and nothing else. */
import { contextBridge, ipcRenderer } from 'electron';

/** The channel, which the page sees as `window.permafrost`. */
export interface Channel {
  /** Opens the channel and replaces an earlier listener. */
  open(listener: (kind: 'opened' | 'message' | 'closed', text: string) => void): void;
  send(text: string): void;
  close(): void;
}

const kinds = ['opened', 'message', 'closed'] as const;

const channel: Channel = {
  open(listener) {
    for (const kind of kinds) {
      ipcRenderer.removeAllListeners(`channel:${kind}`);
      ipcRenderer.on(`channel:${kind}`, (_event, text: string) => {
        try {
          listener(kind, text);
        } finally {
          if (kind === 'message') ipcRenderer.send('channel:taken'); // asks for the next message
        }
      });
    }
    ipcRenderer.send('channel:open');
  },
  send: (text) => ipcRenderer.send('channel:message', text),
  close: () => ipcRenderer.send('channel:close'),
};

contextBridge.exposeInMainWorld('permafrost', channel);
