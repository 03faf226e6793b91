/** What the stand-in runs in a page before the page's own scripts: a sandboxed preload with `ipcRenderer` and `contextBridge`. */

/** The preload gets a `require` that knows Electron's renderer half and nothing else. */
export const pageScript = (preload: string): string => `(() => {
  const listeners = new Map();
  const ipcRenderer = {
    on: (channel, listener) => void listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
    removeAllListeners: (channel) => void listeners.delete(channel),
    send: (channel, ...args) => void __toMain(channel, args),
  };
  Object.defineProperty(globalThis, '__fromMain', {
    value: (channel, args) => { for (const listener of listeners.get(channel) ?? []) listener({}, ...args); },
  });
  const contextBridge = {
    exposeInMainWorld: (name, api) => Object.defineProperty(globalThis, name, { value: Object.freeze(api), enumerable: true }),
  };
  const require = (name) => {
    if (name !== 'electron') throw new Error('a sandboxed preload may not load ' + name);
    return { ipcRenderer, contextBridge };
  };
  const module = { exports: {} };
  (function (require, module, exports) { ${preload} })(require, module, module.exports);
})();`;
