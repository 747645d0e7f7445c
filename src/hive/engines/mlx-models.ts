/** Model types that mlx-lm 0.32.2 loads: the files of its `models`, without those that are no model. */
const TYPES = `Klear afm7 afmoe apertus baichuan_m1 bailing_hybrid bailing_moe bailing_moe_linear bailing_moe_v3 bitnet cohere cohere2 dbrx
  deepseek deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v41 dots1 ernie4_5 ernie4_5_moe exaone exaone4 exaone_moe falcon_h1 gemma gemma2
  gemma3 gemma3_text gemma3n gemma4 gemma4_text glm glm4 glm4_moe glm4_moe_lite glm_moe_dsa gpt2 gpt_bigcode gpt_neox gpt_oss gptj granite
  granitemoe granitemoehybrid helium hunyuan hunyuan_v1_dense internlm2 internlm3 iquestloopcoder jamba kimi_k25 kimi_k3 kimi_linear
  kimi_vl laguna lfm2-vl lfm2 lfm2_moe lille-130m llama llama4 llama4_text longcat_flash longcat_flash_ngram mamba mamba2 mellum mimo
  mimo_v2_flash minicpm minicpm3 minimax minimax_m3_vl ministral3 mistral3 mistral4 mixtral muse_glimmer muse_spark nanbeige nanochat
  nemotron-nas nemotron nemotron_h olmo olmo2 olmo3 olmo_hybrid olmoe openelm phi phi3 phi3small phimoe phixtral pixtral plamo plamo2
  plamo3 qwen qwen2 qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_moe qwen3_next qwen3_vl qwen3_vl_moe recurrent_gemma rwkv7 seed_oss
  smollm3 solar_open spark2_5 stablelm starcoder2 step3p5 talkie telechat3 youtu_llm`

/** Types that are loaded as another one. */
const SAME_AS: Readonly<Record<string, string>> = {
  mistral: "llama",
  llava: "mistral3",
  "phi-msft": "phixtral",
  falcon_mamba: "mamba",
  joyai_llm_flash: "deepseek_v3",
  kimi_k2: "deepseek_v3",
  qwen2_5_vl: "qwen2_vl",
  minimax_m2: "minimax",
  iquestcoder: "llama",
  xverse: "llama",
  gemma4_unified: "gemma4",
  deepseek_v41_text: "deepseek_v41",
}

export const MLX_TYPES: ReadonlySet<string> = new Set(TYPES.split(/\s+/))

/** Those whose layers can be divided among ranks (`PipelineMixin`). */
export const MLX_PIPELINE: ReadonlySet<string> = new Set(
  `bailing_hybrid deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v41 glm4_moe glm4_moe_lite minimax_m3_vl ministral3 mistral4 muse_spark
  qwen2 qwen3_5 qwen3_moe qwen3_next`.split(/\s+/),
)

/** Those of whose layers ranks can have parts (`shard`). */
export const MLX_TENSOR: ReadonlySet<string> = new Set(
  `deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v41 exaone_moe glm4_moe glm4_moe_lite gpt_oss iquestloopcoder kimi_k25 kimi_k3 llama
  longcat_flash longcat_flash_ngram minimax minimax_m3_vl ministral3 mistral4 muse_spark qwen2 qwen3 qwen3_5 qwen3_moe step3p5`.split(
    /\s+/,
  ),
)

export function mlxTypeOf(architecture: string): string {
  return SAME_AS[architecture] ?? architecture
}

export function runsInMlx(architecture: string): boolean {
  return MLX_TYPES.has(mlxTypeOf(architecture))
}

/** The first release that was seen to divide an uneven number of layers without losing one. */
export const KEEPS_LAYERS_SINCE = "0.32.2"

/**
 * Whether `--pipeline` silently leaves layers out where their number is no multiple of the ranks (mlx-lm #1688; mended by #1816). Of a
 * version that is not known it is taken to be so.
 */
export function dropsLayers(version: string | null): boolean {
  return isOlder(version, KEEPS_LAYERS_SINCE)
}

/** Whether a release is one before `least`; of one that is not known it is taken to be so. */
export function isOlder(version: string | null, least: string): boolean {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version ?? "")
  if (numbers === null) return true
  const since = least.split(".").map(Number)
  for (const [at, wanted] of since.entries()) {
    const number = Number(numbers[at + 1])
    if (number !== wanted) return number < wanted
  }
  return false
}
