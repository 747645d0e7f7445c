/**
 * Names of GGUF files that make a model see images (`--mmproj`): beside the model, by a convention of those who publish them. `mmproj-F16.gguf`,
 * `mmproj-model-f16.gguf`, `mmproj-google_gemma-3-4b-it-f16.gguf`, `Qwen2-VL-7B.mmproj-Q8_0.gguf`.
 */
const PROJECTOR = /(?:^|[^a-z])mmproj(?:[^a-z][^/]*)?\.gguf$/i
const QUANTISATION =
  /(?:^|[-_.])(?:UD[-_])?(?:I?Q\d\w*|TQ\d\w*|BF16|FP16|F16|FP32|F32|MXFP4(?:_MOE)?|NVFP4)(?=$|[-_.])/gi
const PART = /-\d{5}-of-\d{5}$/

/** What is taken first: a larger one sees no better, and bfloat16 is slow on chips before the M2. */
const PRECISIONS: readonly RegExp[] = [/[-_.]f(?:p)?16\b/i, /[-_.]q8_0\b/i, /[-_.]bf16\b/i, /[-_.]f(?:p)?32\b/i]

export function isProjectorFile(name: string): boolean {
  return PROJECTOR.test(name.slice(name.lastIndexOf("/") + 1))
}

/**
 * The projectors that may be a model's, of those beside it, the one to take first: named for it, or for none where all models beside it are
 * quantisations of one.
 * @param file the model's
 * @param beside all files of its folder, by name
 */
export function projectorsFor(file: string, beside: readonly string[]): readonly string[] {
  const own = stem(file)
  const models = beside.filter((name) => /\.gguf$/i.test(name) && !isProjectorFile(name))
  const isAlone = models.every((name) => stem(name) === own)
  const named = (name: string) => {
    const whose = stem(name)
    return whose !== "" && (own.includes(whose) || whose.includes(own))
  }
  const precision = (name: string) => {
    const at = PRECISIONS.findIndex((one) => one.test(name))
    return at === -1 ? PRECISIONS.length : at
  }
  return beside
    .filter((name) => isProjectorFile(name) && (isAlone || named(name)))
    .sort((a, b) => Number(named(b)) - Number(named(a)) || precision(a) - precision(b) || (a < b ? -1 : 1))
}

/** A name without what tells quantisations and parts of one model apart. */
function stem(name: string): string {
  return name
    .slice(name.lastIndexOf("/") + 1)
    .replace(/\.gguf$/i, "")
    .replace(PART, "")
    .replaceAll(/(?:^|[-_.])(?:mmproj|model|imatrix)(?=$|[-_.])/gi, "")
    .replaceAll(QUANTISATION, "")
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .toLowerCase()
}
