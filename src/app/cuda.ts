/** The CUDA libraries of a home: their state, installation and removal. */
import type { CudaServices } from '#contract/devices';
import { PermafrostError } from '#contract/errors';
import { refuseInUse } from '#disk/removable';
import { cudaFolder, cudaPackages, hasCuda, hasLibraries, oldestDriver } from '#trainer/cudaLibraries';
import { type TrialOptions, tryDevice } from '#trainer/device';
import { cudaInstallLack, troubleText } from '#trainer/deviceTrouble';
import { installCuda, removeCuda } from '#trainer/installCuda';
import { findDriver } from '#trainer/nvidiaDriver';

/** `trial` says how the device is tried, `users` which queued and running runs need it. */
export function cudaServices(home: string, trial: TrialOptions, users: () => readonly string[]): CudaServices {
  return {
    state() {
      const folder = cudaFolder(home);
      const driver = findDriver();
      return {
        folder,
        installed: hasCuda(home),
        packages: cudaPackages.map((each) => {
          const { name, version, url, bytes } = each;
          return { name, version, url, bytes, here: hasLibraries(folder, each) };
        }),
        driver: driver && (driver.version ?? 'unknown'),
        oldestDriver: String(oldestDriver),
      };
    },
    async install({ untried, signal, onProgress } = {}) {
      const { platform, arch } = process;
      const lack = untried ? null : cudaInstallLack({ platform, arch, driver: findDriver() });
      if (lack) throw new PermafrostError('device', `Nothing was fetched. ${troubleText(lack)}`);
      await installCuda(home, { signal, onProgress });
      if (untried) return;
      const { available, ...trouble } = await tryDevice('cuda', trial);
      if (!available)
        throw new PermafrostError(
          'device',
          `The CUDA libraries are installed, but cuda cannot be used here: ${troubleText(trouble)}`,
        );
    },
    async remove() {
      refuseInUse('Device cuda', users());
      return removeCuda(home);
    },
  };
}
