import { cudaEnvironment } from './cudaLibraries.ts';

/**
 * Environment of every process that runs ONNX Runtime. It makes glibc use huge pages for large blocks: a virtual machine may
 * take 13 µs for the first touch of a 4 KB page, and writing packed weights takes a third of the time with huge pages.
 * With a home the process finds the CUDA libraries that lie there.
 */
export const runtimeEnvironment = (environment: NodeJS.ProcessEnv = process.env, home?: string): NodeJS.ProcessEnv => ({
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  ORT_DISABLE_TELEMETRY: '1', // it reports usage to its maker unless told not to before it loads
  ...environment,
  ...(home === undefined ? {} : cudaEnvironment(home, environment)),
});
