/** Architectures of language and embedding models whose names llama.cpp 0.7 has, as `general.architecture` has them. */
export const LLAMA_CPP_ARCHITECTURES: ReadonlySet<string> = new Set(
  `llama llama4 deci falcon falcon-h1 grok gpt2 gptj gptneox gpt-oss mpt baichuan starcoder starcoder2 refact bloom stablelm qwen
  qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3next qwen3vl qwen3vlmoe qwen35 qwen35moe phi2 phi3 phimoe plamo plamo2 plamo3
  codeshell orion internlm2 minicpm minicpm3 gemma gemma2 gemma3 gemma3n gemma4 mamba mamba2 jamba xverse command-r cohere2 dbrx
  olmo olmo2 olmoe openelm arctic deepseek deepseek2 deepseek32 chatglm glm4 glm4moe glm-dsa bitnet jais jais2 nemotron
  nemotron_h nemotron_h_moe exaone exaone4 exaone-moe rwkv6 rwkv6qwen2 rwkv7 arwkv7 granite granitemoe granitehybrid chameleon
  plm bailingmoe bailingmoe2 dots1 arcee afmoe ernie4_5 ernie4_5-moe hunyuan-moe hunyuan-dense smollm3 lfm2 lfm2moe dream
  smallthinker llada llada-moe seed_oss grovemoe apertus minimax-m2 cogvlm rnd1 pangu-embedded mistral3 mistral4 paddleocr mimo2
  step35 kimi-linear maincoder bert modern-bert nomic-bert nomic-bert-moe jina-bert-v2 jina-bert-v3 neo-bert eurobert
  gemma-embedding cohere2moe deepseek2-ocr deepseek4 laguna hunyuan_vl hy_v3 hy_v4 llama-embed talkie mellum qwen4exp
  gemma-embedding2 maple muse-glimmer graniteswitch granite_swa bailingmoe3 dots3note minimax-01 minimax-m3 hrm_text spark2_5
  maion-coder kimi-k3 glm5-next nanbeige k2-horizon clef`.split(/\s+/),
)

/** Those that make embeddings of whole texts, or write all tokens at once: llama.cpp keeps nothing for them, whatever the header says. */
export const WITHOUT_CACHE: ReadonlySet<string> = new Set(
  `bert modern-bert nomic-bert nomic-bert-moe jina-bert-v2 jina-bert-v3 neo-bert eurobert gemma-embedding dream llada llada-moe
  rnd1`.split(/\s+/),
)

/** Those that make embeddings of texts and write none, whatever the header says. */
export const EMBEDDERS: ReadonlySet<string> = new Set(
  `bert modern-bert nomic-bert nomic-bert-moe jina-bert-v2 jina-bert-v3 neo-bert eurobert gemma-embedding gemma-embedding2
  llama-embed`.split(/\s+/),
)

/** Windows that no key of the header says. Llama 4 sees chunks: llama.cpp sets their size itself. */
export const OWN_WINDOWS: Readonly<Record<string, number>> = { llama4: 8192 }

/**
 * Every how many layers one sees the whole context, where the header has the window and not the pattern (llama.cpp sets it by
 * architecture). Of others with a window each layer is reckoned to keep everything: too much rather than too little.
 */
const WINDOW_PERIODS: Readonly<Record<string, number>> = {
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  cohere2: 4,
  "gpt-oss": 2,
  olmo2: 4,
  exaone4: 4,
  "exaone-moe": 4,
  llama4: 4,
  plamo3: 8,
  afmoe: 4,
  smallthinker: 4,
}

/** Which layers see a window only, the last of each `period` being the one that sees everything; of a period of 0 none does. */
export function windowedByPeriod(layers: number, period: number): readonly boolean[] {
  return Array.from({ length: layers }, (_, at) => period === 0 || at % period < period - 1)
}

export function windowPeriodOf(architecture: string): number | null {
  return WINDOW_PERIODS[architecture] ?? null
}
