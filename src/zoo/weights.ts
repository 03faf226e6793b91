/** Where the weights of a body lie on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const embedded = join(import.meta.dirname, '..', '..', 'resources', 'zoo');
const fileName = 'model.safetensors';

/** Where a user may put the weights of a body. */
export const ownWeights = (home: string, name: string): string => join(home, 'models', name, fileName);

/** The safetensors file of a body: the user's own, or the one that comes with Permafrost; null when there is none. */
export function findWeights(home: string, name: string): string | null {
  const places = [ownWeights(home, name), join(embedded, name, fileName)];
  return places.find((path) => existsSync(path)) ?? null;
}
