/**
 * ONNX Runtime's CUDA provider, NVIDIA's libraries under it, and their place in a home. onnxruntime-node comes without them.
 * The wheels of PyPI hold the same builds: the provider is of the commit that onnxruntime-node's own library names
 * (f2c39fe2f), and NVIDIA's libraries are those of CUDA 13.0, for which it was built.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';

/** A Python wheel, which is a zip archive. */
export interface CudaPackage {
  name: string;
  version: string;
  url: string;
  bytes: number;
  sha256: string;
  /** Paths in the archive. */
  libraries: readonly string[];
  /** Bytes of the libraries. */
  unpacked: number;
}

/** The version of onnxruntime-node. A provider works only with the library of the same version. */
export const cudaVersion = '1.30.0';
export const cudaRelease = 13;
/** The oldest NVIDIA driver for CUDA 13 (CUDA 13.0 release notes, table of minor version compatibility). */
export const oldestDriver = 580;

const pypi = (path: string): string => `https://files.pythonhosted.org/packages/${path}`;
const under = (folder: string, names: string): string[] => names.split(' ').map((name) => `${folder}/${name}`);

/** Sizes and digests as PyPI states them; all were fetched and compared on 30 November 2026. */
export const cudaPackages: readonly CudaPackage[] = [
  {
    name: 'onnxruntime-gpu',
    version: cudaVersion,
    url: pypi(
      '9e/80/d96143329dbe925d434b016c890a5caa785fac8e14a1570e5d6818b63545/onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
    ),
    bytes: 246_685_715,
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
    libraries: under('onnxruntime/capi', 'libonnxruntime_providers_shared.so libonnxruntime_providers_cuda.so'),
    unpacked: 272_064_536,
  },
  {
    name: 'nvidia-cuda-runtime',
    version: '13.0.96',
    url: pypi(
      '2e/24/d1558f3b68b1d26e706813b1d10aa1d785e4698c425af8db8edc3dced472/nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    ),
    bytes: 2_243_632,
    sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    libraries: under('nvidia/cu13/lib', 'libcudart.so.13'),
    unpacked: 704_288,
  },
  {
    name: 'nvidia-cublas',
    version: '13.1.0.3',
    url: pypi(
      'e7/44/423ac00af4dd95a5aeb27207e2c0d9b7118702149bf4704c3ddb55bb7429/nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl',
    ),
    bytes: 423_133_236,
    sha256: 'ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171',
    libraries: under('nvidia/cu13/lib', 'libcublasLt.so.13 libcublas.so.13'),
    unpacked: 595_773_576,
  },
  {
    name: 'nvidia-curand',
    version: '10.4.0.35',
    url: pypi(
      'a5/9f/be0a41ca4a4917abf5cb9ae0daff1a6060cc5de950aec0396de9f3b52bc5/nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl',
    ),
    bytes: 59_544_258,
    sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
    libraries: under('nvidia/cu13/lib', 'libcurand.so.10'),
    unpacked: 132_698_328,
  },
  {
    name: 'nvidia-cuda-nvrtc', // cuBLAS and cuDNN compile some kernels on the machine
    version: '13.0.88',
    url: pypi(
      'c3/68/483a78f5e8f31b08fb1bb671559968c0ca3a065ac7acabfc7cee55214fd6/nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    ),
    bytes: 90_215_200,
    sha256: 'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
    libraries: under('nvidia/cu13/lib', 'libnvrtc.so.13 libnvrtc-builtins.so.13.0'),
    unpacked: 113_718_680,
  },
  {
    name: 'nvidia-cudnn-cu13', // convolutions, pooling and some reductions
    version: '9.20.0.48',
    url: pypi(
      '6e/5e/edb9c0ae051602c3ccaffe424256463636d639e27d7f302dde9975ef9e7a/nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl',
    ),
    bytes: 366_173_588,
    sha256: '0c45dd8eeb50b603f07995b1b300c62ffe6a1980482b82b3bcf94a4ca9d49304',
    libraries: under(
      'nvidia/cudnn/lib',
      'libcudnn.so.9 libcudnn_adv.so.9 libcudnn_cnn.so.9 libcudnn_engines_precompiled.so.9 libcudnn_engines_runtime_compiled.so.9 libcudnn_graph.so.9 libcudnn_heuristic.so.9 libcudnn_ops.so.9',
    ),
    unpacked: 493_418_952,
  },
];

/** The folder of all versions, and the folder of the version that onnxruntime-node needs. */
export const cudaFolders = (home: string): string => join(home, 'cache', 'cuda');
export const cudaFolder = (home: string): string => join(cudaFolders(home), cudaVersion);

export const libraryPath = (folder: string, library: string): string => join(folder, basename(library));
export const hasLibraries = (folder: string, { libraries }: Pick<CudaPackage, 'libraries'>): boolean =>
  libraries.every((library) => existsSync(libraryPath(folder, library)));

/** ONNX Runtime looks for its providers in the folder of this library, so a copy of it lies beside them. */
export const runtimeLibrary = 'libonnxruntime.so.1';
export const installedRuntime = (): string =>
  join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
    ...['bin', 'napi-v6', process.platform, process.arch, runtimeLibrary],
  );

export const hasCuda = (home: string, packages: readonly CudaPackage[] = cudaPackages): boolean =>
  packages.every((each) => hasLibraries(cudaFolder(home), each)) && existsSync(join(cudaFolder(home), runtimeLibrary));

/** Environment of a process that may use CUDA: the dynamic linker looks in the home first. */
export function cudaEnvironment(home: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (process.platform !== 'linux') return {};
  const paths = [cudaFolder(home), ...(environment.LD_LIBRARY_PATH ? [environment.LD_LIBRARY_PATH] : [])];
  return { LD_LIBRARY_PATH: paths.join(delimiter) }; // an empty entry would be the working directory
}
