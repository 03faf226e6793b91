/** The search of the command palette. Pure. */

export interface PaletteEntry {
  key: string;
  group: 'Pages' | 'Actions' | 'Tables' | 'Models' | 'Runs';
  label: string;
  /** Shown beside the label and searched as well. */
  hint?: string;
  run(): void;
}

/** Most entries shown. */
const most = 40;

/** Entries with every word in label or hint; those whose label begins with the words come first, in the order of `entries`. */
export function findEntries(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter(({ label, hint = '' }) => {
    const all = `${label} ${hint}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const begins = ({ label }: PaletteEntry) => label.toLowerCase().startsWith(words.join(' '));
  return [...found.filter(begins), ...found.filter((entry) => !begins(entry))].slice(0, most);
}
