import { brokenModel } from "../model/byte-source.ts"
import { LLAMA_CPP_ARCHITECTURES } from "./architectures.ts"
import type { GgufMetadata } from "./gguf-metadata.ts"
import type { GgufTensor } from "./read-gguf.ts"

/**
 * Architectures whose `attn_k.weight` and `attn_v.weight`, where a layer has them, have as many rows as the header's heads of this layer come to: llama.cpp loads no other (its `create_tensor` of
 * each). Of the others, as of those that compress keys, nothing is said here.
 */
const PLAIN_HEADS: ReadonlySet<string> = new Set(
  `llama llama4 grok baichuan starcoder2 stablelm qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe qwen3next qwen35 qwen35moe
  phimoe orion internlm2 minicpm gemma gemma2 gemma3 gemma3n xverse command-r cohere2 olmo olmo2 olmoe arctic deepseek glm4 glm4moe
  exaone exaone4 granite granitemoe granitehybrid arcee ernie4_5 ernie4_5-moe hunyuan-moe hunyuan-dense smollm3 lfm2 lfm2moe dream
  smallthinker llada llada-moe seed_oss apertus minimax-m2 mistral3 falcon-h1 jamba nemotron nemotron_h gpt-oss`.split(
    /\s+/,
  ),
)
const KV_HEADS = "attention.head_count_kv"
const HINT = "Fetch it again, or another file of the model: llama.cpp loads none whose tensors are of other sizes"

/**
 * That a header says of its tensors what they are, where both are there and it is certain what they mean: a plan goes by what it says.
 * @param name of the file
 * @param rowsOf the rows of a layer's tensor, named without `blk.N.`; `null`: it has none of the name
 * @throws {WindfallError} `invalid_input`
 */
export function checkShapes(
  name: string,
  metadata: GgufMetadata,
  layers: number,
  embedding: GgufTensor,
  rowsOf: (layer: number, part: string) => number | null,
): void {
  const { architecture } = metadata
  const width = metadata.required("embedding_length")
  const columns = embedding.shape[0]
  if (LLAMA_CPP_ARCHITECTURES.has(architecture) && columns !== width)
    throw contradiction(name, `${architecture}.embedding_length is ${width}, and ${embedding.name} has ${columns}`)
  const heads = metadata.perLayer("attention.head_count", layers)
  if (!PLAIN_HEADS.has(architecture) || heads === null || (metadata.count("attention.kv_lora_rank") ?? 0) > 0) return
  // How large a head is hangs on one layer's number of them then.
  if (new Set(heads).size > 1 && metadata.count("attention.key_length") === null) return
  const own = metadata.perLayer(KV_HEADS, layers)
  const kvHeads = own ?? heads
  const headSize = Math.floor(width / Math.max(1, ...heads))
  for (const [part, key] of [
    ["attn_k.weight", "attention.key_length"],
    ["attn_v.weight", "attention.value_length"],
  ] as const) {
    const size = metadata.count(key) ?? headSize
    // Which layers see a window only is not certain of all of them.
    const windowed = metadata.count(`${key}_swa`) ?? size
    for (const [layer, count] of kvHeads.entries()) {
      const rows = rowsOf(layer, part)
      if (rows === null || count === 0 || rows === count * size || rows === count * windowed) continue
      const said = `${architecture}.${own === null ? "attention.head_count" : KV_HEADS} is ${count}`
      throw contradiction(
        name,
        `${said}, which makes ${count * size} with heads of ${size}, and blk.${layer}.${part} has ${rows}`,
      )
    }
  }
}

function contradiction(name: string, which: string): Error {
  return brokenModel(name, `its header is damaged: ${which}`, HINT)
}
