/** TypeScript files with their imports and exports, as the checks of the structure read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface SourceFile {
  /** Path from the root of the project, with `/`. */
  path: string;
  /** What its import and export statements name, in order. */
  imports: string[];
  /** Names that it declares and exports. */
  exports: string[];
}

const imports = /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
const declarations =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;

export function readSource(path: string, text: string): SourceFile {
  return {
    path,
    imports: [...text.matchAll(imports)].map((match) => match[1] ?? match[2]),
    exports: [...new Set([...text.matchAll(declarations)].map((match) => match[1]))], // overloads repeat a name
  };
}

/** All files of a folder. Throws where there are none, so that no check passes on nothing. */
export function readSources(root: string, folder: string): SourceFile[] {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .sort();
  if (paths.length === 0) throw new Error(`${folder} has no TypeScript files.`);
  return paths.map((path) => readSource(path, readFileSync(join(root, path), 'utf8')));
}

/** The file that an import names; null for packages. */
export function importedPath({ path }: SourceFile, specifier: string): string | null {
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}${specifier.endsWith('.tsx') ? '' : '.ts'}`;
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null;
}
