/** Text files from other programs. */

/** Whether bytes are UTF-16 in either byte order: they begin with its mark, or with an ASCII character beside a zero. */
function isUtf16([first, second]: Uint8Array): boolean {
  const isMark = first + second === 0xff + 0xfe && Math.min(first, second) === 0xfe;
  return isMark || (first + second > 0 && (first === 0 || second === 0));
}

/** Decodes UTF-8, without its byte-order mark. Throws `fail(sentence)` for any other bytes. */
export function readText(bytes: Uint8Array, fail: (what: string) => Error): string {
  if (isUtf16(bytes)) throw fail('it is in UTF-16. Save it as UTF-8: editors offer that under “Save as”.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes); // removes the mark
  } catch {
    throw fail('it is not text in UTF-8.');
  }
}
