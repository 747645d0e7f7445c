import { type JsonObject, objectOf, textOf } from "./json-object.ts"

/**
 * Has the engine say which stop sequence it met: in OpenAI's dialect there is no place for it. llama.cpp then adds `__verbose` to the whole
 * answer, or to the last chunk with a choice (tried with 0.7.0 and a release before it); MLX does as it is started here (src/hive/engines/mlx-launcher.ts).
 */
export const TELL_STOP_WORD = { verbose: true } as const

/** The stop sequence that ended an answer, as the whole answer or a chunk of it tells; `null` where it tells of none. */
export function stopWordOf(answer: JsonObject): string | null {
  const told = objectOf(answer.__verbose)
  return told?.stop_type === "word" ? (textOf(told.stopping_word) ?? null) : null
}
