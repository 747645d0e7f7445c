import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { LLAMA_CPP_ARCHITECTURES } from "../gguf/architectures.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { EngineName } from "../speed/host-speed.ts"
import type { EngineRules } from "./engine-rules.ts"
import { llamaCppRules } from "./llama-cpp.ts"
import { mlxRules } from "./mlx.ts"
import { MLX_TYPES } from "./mlx-models.ts"

const ENGINES: readonly EngineRules[] = [llamaCppRules, mlxRules]

/**
 * The engine for a model: the one its files are for.
 *
 * @param asked `auto`, or the one that somebody wants
 * @param anyArchitecture take the engine's word for it that it runs the model
 * @throws {WindfallError} `invalid_input` when the engine does not read such files, or does not run the architecture
 */
export function chooseEngine(model: ModelFacts, asked: EngineName | "auto", anyArchitecture: boolean): EngineRules {
  const rules = ENGINES.find(({ engine, format }) => (asked === "auto" ? format === model.format : engine === asked))
  if (rules === undefined || rules.format !== model.format) {
    const right = ENGINES.find(({ format }) => format === model.format)?.engine
    throw new WindfallError("invalid_input", `Cannot plan ${model.name} with ${asked}: it is a ${model.format} model`, {
      hint: `${right} reads these files: leave out --engine`,
    })
  }
  const refusal = rules.refusal(model)
  if (refusal === null || anyArchitecture) return rules
  const known = rules.engine === "mlx" ? MLX_TYPES : LLAMA_CPP_ARCHITECTURES
  const near = closest(model.architecture, [...known])
  throw new WindfallError("invalid_input", `Cannot plan ${model.name}: ${refusal}`, {
    hint: `${rules.engine === "mlx" && /bert/i.test(model.architecture) ? "Embeddings are made by llama.cpp, of a GGUF file of it. " : ""}${near === undefined ? "" : `Near it is "${near}". `}If your ${rules.engine} runs it: windfall model plan --any-architecture plans it; model serve takes only those that are known`,
    details: { architecture: model.architecture },
  })
}

/** Why no engine is known to run it, in words, so that it is not served; `null` where one is. */
export function unservedText(model: ModelFacts): string | null {
  return ENGINES.find(({ format }) => format === model.format)?.refusal(model) ?? null
}
