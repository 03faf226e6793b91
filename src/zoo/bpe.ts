/** A byte-level BPE tokenizer in RoBERTa's files, `vocab.json` and `merges.txt`: `<s>` … `</s>` around every text. */
import { Tokenizer } from '@huggingface/tokenizers';
import { PermafrostError } from '#contract/errors';

const specials = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];

/** Texts to ids. Throws `data` naming the file that is no such tokenizer. */
export function openBpe(vocabulary: string, merges: string, name: string): (text: string) => Int32Array {
  const fail = (what: string, cause?: unknown) =>
    new PermafrostError('data', `${name}: ${what} Get vocab.json and merges.txt of one and the same tokenizer.`, {
      cause,
    });
  const vocab = parseVocabulary(vocabulary, fail);
  const [cls, sep] = ['<s>', '</s>'].map((token) => {
    if (Object.hasOwn(vocab, token)) return vocab[token];
    throw fail(`vocab.json has no ${token}.`);
  });
  const pairs = merges.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'));
  const stray = pairs.find((pair) => pair.split(' ').length !== 2);
  if (stray !== undefined) throw fail(`merges.txt has the line ${JSON.stringify(stray)}, which is not a pair.`);
  const tokenizer = new Tokenizer(
    {
      added_tokens: specials.flatMap((content) =>
        Object.hasOwn(vocab, content) ? [{ id: vocab[content], content, special: true, normalized: false }] : [],
      ),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: {
        type: 'RobertaProcessing',
        cls: ['<s>', cls],
        sep: ['</s>', sep],
        trim_offsets: true,
        add_prefix_space: false,
      },
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab, merges: pairs, unk_token: '<unk>', fuse_unk: false },
    },
    {},
  );
  return (text) => Int32Array.from(tokenizer.encode(text).ids);
}

function parseVocabulary(
  text: string,
  fail: (what: string, cause?: unknown) => PermafrostError,
): Record<string, number> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw fail(`vocab.json is not JSON (${(cause as Error).message}).`, cause);
  }
  const isVocabulary = parsed && typeof parsed === 'object' && !Array.isArray(parsed);
  if (!isVocabulary || !Object.values(parsed as object).every((id) => Number.isInteger(id) && id >= 0))
    throw fail('vocab.json is not an object of tokens and their numbers.');
  return parsed as Record<string, number>;
}
