import { cudaEnvironment } from './cudaLibraries.ts';

/**
 * Environment of every process that runs ONNX Runtime. It makes glibc use huge pages for large blocks: on a virtual machine the
 * first access to a 4 KB page can take 13 µs, and huge pages make writing packed weights three times as fast.
 * With a home, the process finds the CUDA libraries of that home.
 */
export const runtimeEnvironment = (environment: NodeJS.ProcessEnv = process.env, home?: string): NodeJS.ProcessEnv => ({
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  ORT_DISABLE_TELEMETRY: '1', // read when the library loads; without it, ONNX Runtime reports usage to its maker
  ...environment,
  ...(home === undefined ? {} : cudaEnvironment(home, environment)),
});
