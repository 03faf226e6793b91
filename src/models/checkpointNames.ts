/** Names of parameters in checkpoints, and the prefixes that training frameworks put before them. */

/** A parameter's name in a checkpoint. `transposed`: the checkpoint stores [in, out], the parameter is [out, in]. */
export interface StoredAs {
  name: string;
  transposed?: true;
}

/** Finds a network's parameters among the names of a checkpoint. */
type Find = (names: readonly string[]) => Map<string, StoredAs>;

/** `module.` is from DataParallel, `model.` from Lightning and dl-project, `_orig_mod.` from torch.compile, which can also wrap a single layer. */
const around = /^(?:(?:module|model|state_dict|_orig_mod)\.)+/;
const within = '_orig_mod.';

/**
 * Makes `find` ignore any number of these prefixes. If a file contains several networks with different prefixes, the one with
 * the most parameters is taken.
 */
export const unwrapped =
  (find: Find): Find =>
  (names) => {
    const networks = new Map<string, Map<string, string>>(); // wrapper → inner name → stored name
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

/** Finds the parameters of a network whose checkpoints use our names. */
export const sameNames = unwrapped((names): Map<string, StoredAs> => new Map(names.map((name) => [name, { name }])));
