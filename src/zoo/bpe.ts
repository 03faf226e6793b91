/** A byte-level BPE tokenizer from the files of RoBERTa, `vocab.json` and `merges.txt`. It puts `<s>` … `</s>` around every text. */
import { Tokenizer } from '@huggingface/tokenizers';
import { PermafrostError } from '#contract/errors';
import { readJson } from '#formats/json';
import { readText } from '#formats/text';

const specials = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];

/** Opens a tokenizer, which maps texts to ids. Throws `data` with the name of the damaged file. */
export function openBpe(vocabulary: Uint8Array, merges: Uint8Array, name: string): (text: string) => Int32Array {
  const fail = (what: string) =>
    new PermafrostError('data', `${name}: ${what} Get vocab.json and merges.txt of the same tokenizer.`);
  const vocab = checkVocabulary(readJson(vocabulary, `${name}: vocab.json`, 'data'), fail);
  const [cls, sep] = ['<s>', '</s>'].map((token) => {
    if (Object.hasOwn(vocab, token)) return vocab[token];
    throw fail(`vocab.json has no ${token}.`);
  });
  const pairs = readText(merges, (what) => fail(`merges.txt is not a text file: ${what}`))
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#version'));
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

function checkVocabulary(parsed: unknown, fail: (what: string) => PermafrostError): Record<string, number> {
  const isVocabulary = parsed && typeof parsed === 'object' && !Array.isArray(parsed);
  if (!isVocabulary || !Object.values(parsed as object).every((id) => Number.isInteger(id) && id >= 0))
    throw fail('vocab.json is not an object that maps tokens to ids.');
  return parsed as Record<string, number>;
}
