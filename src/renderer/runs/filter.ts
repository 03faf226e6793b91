/**
 * The filter language of the table of runs: `task:mnist acc>0.97 (model:gpt2 OR model:vit) -state:failed "free text"`.
 * Adjacent terms must all match; OR, parentheses and a leading minus (or NOT) combine them. Pure.
 */
import { nearest } from '#contract/errors';
import type { RunRow } from '#contract/runRow';
import { type FieldValue, type FilterField, fieldNames, fieldOf, type Operator } from './filterFields.ts';

export type Filter =
  | { kind: 'and' | 'or'; parts: Filter[] }
  | { kind: 'not'; part: Filter }
  | { kind: 'text'; text: string }
  | { kind: 'term'; name: string; operator: Operator; words: string[]; test(value: FieldValue): boolean };

/** A problem and its place: `at` and `length` count characters of the text. */
export interface FilterProblem {
  at: number;
  length: number;
  message: string;
}

export type ParsedFilter = { ok: true; filter: Filter } | { ok: false; problem: FilterProblem };

/** Parses a filter; every run matches the empty text. */
export function parseFilter(text: string): ParsedFilter {
  try {
    return { ok: true, filter: parse(tokensOf(text), text.length) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.problem };
    throw error;
  }
}

/** Whether a run matches. Ages are relative to `now` (milliseconds since 1970). */
export function matchesFilter(filter: Filter, row: RunRow, now: number): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => matchesFilter(part, row, now));
    case 'or':
      return filter.parts.some((part) => matchesFilter(part, row, now));
    case 'not':
      return !matchesFilter(filter.part, row, now);
    case 'text':
      return searchText(row).includes(filter.text);
    case 'term':
      return filter.test(fieldOf(filter.name)!.value(row, now));
  }
}

const searchText = ({ id, name, task, model, regime, note, tags, reason }: RunRow): string =>
  [id, name, task, model, regime, note, ...tags, reason?.message ?? ''].join('\n').toLowerCase();

class Problem extends Error {
  readonly problem: FilterProblem;
  constructor(at: number, length: number, message: string) {
    super(message);
    this.problem = { at, length: Math.max(1, length), message };
  }
}

interface Token {
  kind: 'open' | 'close' | 'or' | 'and' | 'not' | 'text' | 'term';
  at: number;
  length: number;
  /** Of a text: the text to find. Of a term: its field. */
  text: string;
  operator?: Operator;
  /** Of a term: the value right of the operator, and its place. */
  value?: { text: string; at: number; length: number };
}

const words = new Map<string, Token['kind']>([
  ['OR', 'or'],
  ['AND', 'and'],
  ['NOT', 'not'],
]);
const marks = new Map<string, Token['kind']>([
  ['(', 'open'],
  [')', 'close'],
  ['-', 'not'],
]);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  /** Reads `"…"` at the current position; \" stands for a quote inside. */
  const quoted = (): string => {
    const match = /^"((?:[^"\\]|\\.)*)"/.exec(text.slice(at));
    if (!match) throw new Problem(at, text.length - at, 'This quote is never closed. Add a " at its end.');
    at += match[0].length;
    return match[1].replace(/\\(.)/g, '$1');
  };
  while (at < text.length) {
    const start = at;
    const mark = marks.get(text[at]);
    if (/\s/.test(text[at])) at++;
    else if (mark) tokens.push({ kind: mark, at: at++, length: 1, text: text[start] });
    else if (text[at] === '"') {
      const found = quoted();
      tokens.push({ kind: 'text', at: start, length: at - start, text: found });
    } else {
      const term = /^([A-Za-z_][\w.]*)(<=|>=|!=|:|=|<|>)/.exec(text.slice(at));
      if (!term) {
        const word = /^[^\s()"]+/.exec(text.slice(at))![0];
        at += word.length;
        tokens.push({ kind: words.get(word) ?? 'text', at: start, length: word.length, text: word });
        continue;
      }
      at += term[0].length;
      const from = at;
      const value = text[at] === '"' ? quoted() : (/^[^\s()"]*/.exec(text.slice(at))?.[0] ?? '');
      if (text[from] !== '"') at += value.length;
      if (value === '')
        throw new Problem(start, term[0].length, `Write a value after ${term[2]} to compare ${term[1]} with.`);
      tokens.push({
        kind: 'term',
        at: start,
        length: at - start,
        text: term[1],
        operator: term[2] as Operator,
        value: { text: value, at: from, length: at - from },
      });
    }
  }
  return tokens;
}

function parse(tokens: readonly Token[], end: number): Filter {
  let next = 0;
  const peek = (kind: Token['kind']): boolean => tokens[next]?.kind === kind;

  function alternatives(): Filter {
    const parts = [together()];
    while (peek('or')) {
      next++;
      parts.push(together());
    }
    return parts.length === 1 ? parts[0] : { kind: 'or', parts };
  }
  function together(): Filter {
    const parts: Filter[] = [];
    while (next < tokens.length && !peek('or') && !peek('close')) {
      if (parts.length > 0 && peek('and')) next++;
      parts.push(single());
    }
    if (parts.length === 0 && tokens.length > 0) missing();
    return parts.length === 1 ? parts[0] : { kind: 'and', parts };
  }
  function single(): Filter {
    const token = tokens[next];
    if (!token || token.kind === 'or' || token.kind === 'and' || token.kind === 'close') return missing();
    next++;
    if (token.kind === 'not') return { kind: 'not', part: single() };
    if (token.kind === 'text') return { kind: 'text', text: token.text.toLowerCase() };
    if (token.kind === 'term') return term(token);
    const inside = alternatives();
    if (!peek('close')) throw new Problem(token.at, 1, 'This parenthesis is never closed. Add a ) at its end.');
    next++;
    return inside;
  }
  function missing(): never {
    const token = tokens[next];
    const before = tokens[next - 1];
    if (token)
      throw new Problem(token.at, token.length, `A condition is missing before ${token.text}, such as task:mnist.`);
    throw new Problem(
      before?.at ?? end,
      before?.length ?? 1,
      `A condition is missing after ${before?.text ?? 'this'}, such as task:mnist.`,
    );
  }

  const filter = alternatives();
  if (next < tokens.length)
    throw new Problem(tokens[next].at, 1, 'This parenthesis was never opened. Remove it, or add a ( before.');
  return filter;
}

function term({ text: name, operator, value, at }: Token): Filter {
  const field = fieldOf(name);
  if (!field) {
    const hint = nearest(name, fieldNames());
    throw new Problem(at, name.length, `There is no field ${name}. Did you mean ${hint}?`);
  }
  const parts = value!.text.split(',').filter((part) => part !== '');
  const tests = parts.map((part) => readTest(field, name, operator!, part, value!));
  return {
    kind: 'term',
    name,
    operator: operator!,
    words: parts,
    test: (found) => (operator === '!=' ? tests.every((test) => test(found)) : tests.some((test) => test(found))),
  };
}

function readTest(
  field: FilterField,
  name: string,
  operator: Operator,
  word: string,
  where: { at: number; length: number },
) {
  const test = field.type.test(operator, word, field.values);
  if (typeof test === 'string') throw new Problem(where.at, where.length, test.replaceAll('{field}', name));
  return test;
}
