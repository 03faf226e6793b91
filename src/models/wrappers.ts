/** What training frameworks put before the names of a model that they wrap; wrappers may lie in each other. */
import type { StoredAs } from './body.ts';

type Find = (names: readonly string[]) => Map<string, StoredAs>;

/** `module.`: DataParallel; `model.`: Lightning and dl-project; `_orig_mod.`: torch.compile, which may wrap a single layer too. */
const around = /^(?:(?:module|model|state_dict|_orig_mod)\.)+/;
const within = '_orig_mod.';

/** `find` for checkpoints whose names may be wrapped. Of several wrapped networks in a file the one with most parameters is meant. */
export const unwrapped =
  (find: Find): Find =>
  (names) => {
    const networks = new Map<string, Map<string, string>>(); // by wrapper: stored names by what is left of them
    for (const name of names) {
      const wrapper = around.exec(name)?.[0] ?? '';
      const inner = name.slice(wrapper.length).replaceAll(within, '');
      const key = wrapper.replaceAll(within, '');
      networks.set(key, (networks.get(key) ?? new Map()).set(inner, name));
    }
    const found = [...networks.values()].map(
      (stored) =>
        new Map(
          [...find([...stored.keys()])].map(([parameter, as]) => [parameter, { ...as, name: stored.get(as.name)! }]),
        ),
    );
    return found.sort((a, b) => b.size - a.size)[0] ?? new Map();
  };
