/** One message channel between the page and the main process, and nothing else. */
import { contextBridge, ipcRenderer } from 'electron';

/** What the page sees as `window.permafrost`. */
export interface Channel {
  /** Opens the channel anew; what came before is over. */
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
          if (kind === 'message') ipcRenderer.send('channel:taken'); // the next one comes only now
        }
      });
    }
    ipcRenderer.send('channel:open');
  },
  send: (text) => ipcRenderer.send('channel:message', text),
  close: () => ipcRenderer.send('channel:close'),
};

contextBridge.exposeInMainWorld('permafrost', channel);
