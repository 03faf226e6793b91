/**
 * The checkpoints that Permafrost knows: the sixteen of the model-zoo experiment, GPT-2 XL, the Vision Transformers, the embedded
 * bodies, and the one baseline with published weights. Names are those of dl-project; `repo` is the model's present name on
 * huggingface.co. The data are from model cards, config.json and file lists of the repositories. `bytes` is the size of the
 * weight file; sizes that end in zeros are rounded.
 */
import { type ArchitectureRow, bodies, networks } from '#models/index';
import type { HubFile } from './hubCache.ts';

/** The source of a model's files. */
export type ModelSource =
  | { kind: 'hub'; repo: string; revision: string /** Pull request with a safetensors copy. */; pr?: number }
  | { kind: 'url'; url: string }
  | { kind: 'folder'; folder: string }
  | { kind: 'embedded' };

export interface CatalogRow {
  name: string;
  body: ArchitectureRow;
  source: ModelSource;
  /** Other names of the same model: of renamed repositories, or short names in transformers. */
  aliases: string[];
  about: string;
  language: string;
  /** The licence on the model card; null if the card states none. */
  licence: string | null;
  /** Size of the weight file; null if unknown. */
  bytes: number | null;
  precision: 'F32' | 'F16';
  sha256?: string;
  /** First digits of the commit that this row describes. */
  seen?: string;
  warnings: string[];
  /** The user added it and chose its name. */
  added?: true;
}

type Details = Omit<CatalogRow, 'name' | 'body' | 'source' | 'aliases' | 'precision' | 'warnings'> & {
  repo?: string;
  revision?: string;
  pr?: number;
  aliases?: string[];
  precision?: 'F16';
  warnings?: string[];
};

/** A GPT-2 on the hub; its config is in the table of bodies. */
function gpt2Row(name: string, { repo = name, revision = 'main', pr, ...details }: Details): CatalogRow {
  return {
    name,
    body: bodies[name],
    source: { kind: 'hub', repo, revision, ...(pr ? { pr } : {}) },
    precision: 'F32',
    warnings: [],
    ...details,
    aliases: [...(repo === name ? [] : [repo]), ...(details.aliases ?? [])],
  };
}

/** A body that this project pretrained and that comes with it. */
const embeddedRow = (name: string, details: Pick<CatalogRow, 'about' | 'language' | 'bytes'>): CatalogRow => ({
  ...{
    name,
    body: bodies[name],
    source: { kind: 'embedded' },
    aliases: [],
    licence: 'mit',
    precision: 'F16',
    warnings: [],
  },
  ...details,
});

const unstated = null;
const unseenSafetensors = 'The weights are a PyTorch file, which is converted once, before the first run.';
const noOrder =
  'The published runs keep position embeddings and class token at zero, so the model does not see the order of its tokens.';

export const catalog: readonly CatalogRow[] = [
  embeddedRow('permafrost-nano', {
    about:
      'Byte-level language model, pretrained on public-domain books with Permafrost’s own engine. It comes with Permafrost.',
    language: 'English',
    bytes: 1_689_408,
  }),
  embeddedRow('permafrost-nano-bits', {
    about:
      'The body of permafrost-nano, pretrained on bit memory as in Table 2 of the paper. It comes with Permafrost.',
    language: 'bits',
    bytes: 1623808,
  }),
  gpt2Row('gpt2', {
    repo: 'openai-community/gpt2',
    revision: '607a30d783dfa663caf39e06633721c8d4cfcd7e',
    about: 'GPT-2 small, pretrained on WebText. The body of nearly every published run.',
    language: 'English',
    licence: 'mit',
    bytes: 548_105_171,
    sha256: '248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707',
  }),
  gpt2Row('gpt2-medium', {
    repo: 'openai-community/gpt2-medium',
    about: 'GPT-2 medium, pretrained on WebText.',
    language: 'English',
    licence: 'mit',
    bytes: 1_520_000_000,
  }),
  gpt2Row('gpt2-large', {
    repo: 'openai-community/gpt2-large',
    about: 'GPT-2 large, pretrained on WebText.',
    language: 'English',
    licence: 'mit',
    bytes: 3_250_000_000,
  }),
  gpt2Row('gpt2-xl', {
    repo: 'openai-community/gpt2-xl',
    about: 'GPT-2 XL, the largest GPT-2, pretrained on WebText.',
    language: 'English',
    licence: 'mit',
    bytes: null,
  }),
  gpt2Row('distilgpt2', {
    repo: 'distilbert/distilgpt2',
    about: 'GPT-2 small distilled to six layers on OpenWebText.',
    language: 'English',
    licence: 'apache-2.0',
    bytes: 353_000_000,
  }),
  gpt2Row('sshleifer/tiny-gpt2', {
    pr: 2,
    about: 'Two random layers of width 2, made for software tests; a baseline of the model-zoo experiment.',
    language: 'none',
    licence: unstated,
    bytes: 2_510_000,
    warnings: ['This model was never pretrained.', unseenSafetensors],
  }),
  gpt2Row('lvwerra/gpt2-imdb', {
    about: 'GPT-2 small fine-tuned on IMDB film reviews.',
    language: 'English',
    licence: unstated,
    bytes: 548_000_000,
    warnings: [unseenSafetensors],
  }),
  gpt2Row('LorenzoDeMattei/GePpeTto', {
    about: 'Italian GPT-2 pretrained on Wikipedia and ItWaC (arXiv 2004.14253).',
    language: 'Italian',
    licence: unstated,
    bytes: null,
  }),
  gpt2Row('microsoft/CodeGPT-small-py', {
    about: 'GPT-2 small trained on Python functions (CodeXGLUE).',
    language: 'Python',
    licence: unstated,
    bytes: 510_000_000,
    warnings: [unseenSafetensors],
  }),
  gpt2Row('minimaxir/magic-the-gathering', {
    about: 'Small GPT-2 trained on the texts of Magic: The Gathering cards, with dropout 0.2.',
    language: 'game cards',
    licence: unstated,
    bytes: null,
    warnings: [unseenSafetensors, 'Takes sequences of at most 256 tokens.'],
  }),
  gpt2Row('rinna/japanese-gpt2-medium', {
    revision: 'fe1fd85cdddd227d9f7e1407a12aa2701d13a7a1',
    about: 'Japanese GPT-2 medium pretrained on CC-100.',
    language: 'Japanese',
    licence: 'mit',
    bytes: 1_370_000_000,
    warnings: [
      'The weights were replaced in August 2021 (CC-100 and Wikipedia), after the published runs. This revision is the older one, which those runs used.',
      unseenSafetensors,
    ],
  }),
  gpt2Row('sberbank-ai/rugpt3small_based_on_gpt2', {
    repo: 'ai-forever/rugpt3small_based_on_gpt2',
    about: 'Russian GPT of the size of GPT-2 small, with 2048 positions.',
    language: 'Russian',
    licence: unstated,
    bytes: 551_000_000,
    warnings: [unseenSafetensors],
  }),
  gpt2Row('shtoshni/gpt2-chess-uci', {
    seen: 'a992e62',
    pr: 1,
    about: 'GPT-2 small trained on chess games in UCI notation (arXiv 2102.13249).',
    language: 'chess',
    licence: unstated,
    bytes: 345_237_947,
    sha256: 'f4acd49fde9ca945592ee2bb9e394b26654441802e31fed4121d61abd8e302ef',
    warnings: [unseenSafetensors, 'Takes sequences of at most 512 tokens.'],
  }),
  gpt2Row('uer/gpt2-chinese-poem', {
    about: 'GPT-2 small trained on classical Chinese poems.',
    language: 'Chinese',
    licence: unstated,
    bytes: 425_000_000,
    warnings: ['An early version had a vocabulary of 21,128; the published runs need 22,557.', unseenSafetensors],
  }),
  gpt2Row('ceostroff/harry-potter-gpt2-fanfiction', {
    seen: '868cd2c',
    pr: 1,
    about: 'GPT-2 small fine-tuned on Harry Potter fan fiction.',
    language: 'English',
    licence: 'mit',
    bytes: 510_000_000,
    warnings: [unseenSafetensors],
  }),
  gpt2Row('chrisliu298/arxiv_ai_gpt2', {
    about: 'GPT-2 large fine-tuned on abstracts of AI papers.',
    language: 'English',
    licence: unstated,
    bytes: null,
    warnings: [
      'The repository may no longer exist. If you have its files, add their folder: permafrost zoo add FOLDER.',
    ],
  }),
  gpt2Row('microsoft/DialoGPT-medium', {
    seen: '7b40bb0',
    pr: 22,
    about: 'GPT-2 medium trained on conversations from Reddit.',
    language: 'English',
    licence: 'mit',
    bytes: 863_000_000,
    precision: 'F16',
    warnings: ['The weights are in half precision and are converted to float32 once.'],
  }),
  {
    name: 'google/vit-base-patch16-224-in21k',
    body: bodies['google/vit-base-patch16-224-in21k'],
    source: { kind: 'hub', repo: 'google/vit-base-patch16-224-in21k', revision: 'main' },
    aliases: [],
    about: 'Vision Transformer B/16 pretrained on ImageNet-21k, with the same encoder as ViT-B_16.',
    language: 'images',
    licence: 'apache-2.0',
    bytes: 346_000_000,
    precision: 'F32',
    seen: 'b456956',
    warnings: [noOrder, 'Layer norms use the reference’s ε of 1e-6; the model’s config says 1e-12.'],
  },
  {
    name: 'ViT-B_16',
    body: bodies['ViT-B_16'],
    source: { kind: 'url', url: 'https://storage.googleapis.com/vit_models/imagenet21k/ViT-B_16.npz' },
    aliases: ['vit', 'ViT-B_16.npz'],
    about: 'The original weights of Vision Transformer B/16, pretrained on ImageNet-21k, as an .npz of JAX.',
    language: 'images',
    licence: 'apache-2.0',
    bytes: null,
    precision: 'F32',
    warnings: [noOrder],
  },
  {
    name: 'ast',
    body: networks.ast.card!,
    source: { kind: 'hub', repo: 'MIT/ast-finetuned-speech-commands-v2', revision: 'main' },
    aliases: ['MIT/ast-finetuned-speech-commands-v2'],
    about:
      'Audio Spectrogram Transformer fine-tuned on Speech Commands v2 (arXiv 2104.01778): a whole network, not a body.',
    language: 'sound',
    licence: 'bsd-3-clause',
    bytes: 342_000_000,
    precision: 'F32',
    seen: '315b0b8',
    warnings: ['Works only on the task speech-commands-mel.'],
  },
];

const canonical = new Map(
  catalog.flatMap(({ name, aliases }) => [name, ...aliases].map((known): [string, string] => [known, name])),
);

/** The name that Permafrost uses for a model, given any of its names. */
export const canonicalName = (name: string): string => canonical.get(name) ?? name;

/** Names of weight files in order of preference. An index stands for several files. */
export const weightNames: readonly string[] = ['model.safetensors', 'pytorch_model.bin'].flatMap((name) => [
  name,
  `${name}.index.json`,
]);

/**
 * Files that may contain the weights, in order of preference. The owner's own files come before a copy in an unmerged pull
 * request.
 */
export function weightFiles(source: ModelSource): HubFile[] {
  if (source.kind !== 'hub') return [];
  const { repo, revision, pr } = source;
  return [
    ...weightNames.map((path) => ({ repo, revision, path })),
    ...(pr ? [{ repo, revision: `refs/pr/${pr}`, path: 'model.safetensors' }] : []),
  ];
}

/** The source of a model in words. */
export function sourceText(source: ModelSource): string {
  if (source.kind === 'hub') return source.repo;
  if (source.kind === 'url') return source.url;
  return source.kind === 'folder' ? source.folder : 'Permafrost';
}
