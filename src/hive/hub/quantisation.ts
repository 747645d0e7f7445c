/**
 * How files of GGUF models are called by what they are quantised to: `Q4_K_M`, `IQ2_XXS`, `UD-Q4_K_XL`, `BF16`, `MXFP4`. A
 * convention of those who publish them (ggml's `llama_ftype` names, with prefixes of their own), so the last one in a path counts.
 */
const QUANTISATION =
  /(?<![A-Za-z0-9])(?:UD[-_])?(?:I?Q\d{1,2}(?:_[A-Z0-9]+)*|TQ\d(?:_\d)?|BF16|FP16|F16|F32|MXFP4(?:_MOE)?|NVFP4)(?![A-Za-z0-9])/gi

/** The quantisation that a path names, in capitals; `null` when it names none. */
export function quantisationOf(path: string): string | null {
  const parts = path.split("/").reverse()
  for (const part of parts) {
    const found = [...part.matchAll(QUANTISATION)].at(-1)?.[0]
    if (found !== undefined) return found.toUpperCase().replace("UD_", "UD-")
  }
  return null
}
