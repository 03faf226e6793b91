import { defineConfig } from 'vitest/config';
import { compileCacheFolder } from './bin/compileCache.js';
import { offerSoftwareVulkan } from './tests/softwareVulkan.ts';

// tests start many processes, and trainers without bin/permafrost.js
const cache = process.env.NODE_COMPILE_CACHE ?? compileCacheFolder();

offerSoftwareVulkan();

export default defineConfig({
  test: {
    // a file that takes more than 5 s on two free cores is named *.slow.test.ts; `npm run test:fast` leaves it out
    include: ['tests/**/*.test.{ts,tsx}'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    // Mantine looks for what can have the focus by its size, happy-dom lays nothing out, and the warning prints the page
    onConsoleLog: (log) => !log.includes('use-focus-trap'),
    env: {
      ORT_DISABLE_TELEMETRY: '1', // ONNX Runtime reports usage to its maker unless told not to before it loads
      ...(cache === null ? {} : { NODE_COMPILE_CACHE: cache }),
    },
  },
});
