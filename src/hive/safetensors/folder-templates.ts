import { type ModelFolder, parseJsonObject } from "../model/byte-source.ts"
import { namesTools } from "../model/names-tools.ts"

const CONFIG = "tokenizer_config.json"
/** Stands in place of whatever the configuration has. */
const TEMPLATE = "chat_template.jinja"
/** A folder of further templates; and a tokenizer that transformers asks mistral-common to write one for. */
const NOT_LOOKED_AT: ReadonlySet<string> = new Set(["additional_chat_templates", "tekken.json"])
/** The one type that mlx-lm 0.32.2 has a template of its own for where a folder has none. */
const OWN_TEMPLATE = "muse_spark"
const MOST_BYTES = 64e6

/**
 * Whether what mlx-lm writes a chat by (transformers 5.24: `chat_template.jinja`, else `chat_template` of the tokenizer's configuration, a text or a list of them by name) may name `tools`. false: it
 * certainly does not, or there is none: mlx-lm then leaves them out without a word. A file that cannot be read says nothing here: the engine tells what is wrong with it.
 */
export async function folderKnowsTools(
  folder: ModelFolder,
  architecture: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (folder.files.some((file) => NOT_LOOKED_AT.has(file))) return true
  try {
    const bytes = await contentOf(folder, CONFIG, signal)
    const config = bytes === null ? {} : parseJsonObject(CONFIG, bytes)
    // A template that is a program of mlx-lm's own.
    if (typeof config.chat_template_type === "string") return true
    const own = await contentOf(folder, TEMPLATE, signal)
    const templates = own === null ? templatesOf(config.chat_template) : [new TextDecoder().decode(own)]
    return templates.length === 0 ? architecture === OWN_TEMPLATE : templates.some(namesTools)
  } catch {
    signal.throwIfAborted()
    return true
  }
}

/** `null`: there is no such file. */
async function contentOf(folder: ModelFolder, file: string, signal: AbortSignal): Promise<Uint8Array | null> {
  if (!folder.files.includes(file)) return null
  const source = await folder.open(file)
  if (source.sizeBytes > MOST_BYTES) throw new RangeError(`${file} has more than ${MOST_BYTES} bytes`)
  return source.read(0, source.sizeBytes, signal)
}

function templatesOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value]
  const list: readonly ({ readonly template?: unknown } | null)[] = Array.isArray(value) ? value : []
  return list.flatMap((one) => (typeof one?.template === "string" ? [one.template] : []))
}
