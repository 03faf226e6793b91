/** The interface through which operators write their code into a kernel. */
import type { Value } from '../graph.ts';

export interface CodeWriter {
  line(text: string): void;
  /** Writes lines between braces. Names that are defined inside are not available afterwards. */
  inside(head: string, body: () => void): void;
  /** A new name. */
  name(prefix: string): string;
  /** A name for an expression; the same one for the same text. */
  named(expression: string, prefix?: string): string;
  /** Expression of element `i` of a value, broadcast to a shape. */
  element(v: Value, i: string, shape?: readonly number[]): string;
}
