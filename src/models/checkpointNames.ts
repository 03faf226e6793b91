/** Names of parameters in checkpoints: under which a model's are stored, and what training frameworks put before them. */

/** Where a checkpoint has a parameter; `transposed`: as [in, out] where the parameter is [out, in]. */
export interface StoredAs {
  name: string;
  transposed?: true;
}

/** A network's parameters among the names of a checkpoint. */
type Find = (names: readonly string[]) => Map<string, StoredAs>;

/** `module.`: DataParallel; `model.`: Lightning and dl-project; `_orig_mod.`: torch.compile, which may wrap a single layer too. */
const around = /^(?:(?:module|model|state_dict|_orig_mod)\.)+/;
const within = '_orig_mod.';

/** `find` for checkpoints whose names may be wrapped, also repeatedly. Of several wrapped networks in a file it takes the one with most parameters. */
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

/** For a network whose checkpoints use its own names. */
export const sameNames = unwrapped((names): Map<string, StoredAs> => new Map(names.map((name) => [name, { name }])));
