/** What the code of an operator needs of the kernel that it is written into. */
import type { Value } from '../graph.ts';

export interface CodeWriter {
  line(text: string): void;
  /** Lines between braces. What is computed in there is not known after it. */
  inside(head: string, body: () => void): void;
  /** A name that nothing has yet. */
  name(prefix: string): string;
  /** A name for an expression; the same one for the same text. */
  named(expression: string, prefix?: string): string;
  /** Expression of element `i` of a value, broadcast to a shape. */
  element(v: Value, i: string, shape?: readonly number[]): string;
}
