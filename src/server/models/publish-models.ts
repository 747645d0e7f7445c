import type { EngineRequests } from "../../gateway/for-engine.ts"
import { adapterOf } from "../../hive/engines/engine-adapters.ts"
import type { EngineKind } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import type { ServedModel, ServedModels } from "../gateway/served-models.ts"
import type { LiveReplica } from "./live-replica.ts"
import { lastingProblem, progressText } from "./model-state.ts"

/**
 * Where the longest token of a model that writes text is not known. The longest of published ones stand for some 128 bytes (runs of spaces or
 * of dashes), and composing characters (NFC), as some tokenizers do first, makes a third of a text at most.
 */
const SAFE_TOKEN_BYTES = 1_024

function requestsOf(engine: EngineKind): EngineRequests {
  const { lacks, leastNumbers, seeds, defaults, tellsPrompt } = adapterOf(engine).http
  const engineName = engine === "mlx" ? "MLX" : engine
  return { engineName, lacks: new Set(lacks), leastNumbers, seeds, defaults, tellsPrompt }
}

export interface PublishOptions {
  readonly core: Core
  readonly served: ServedModels
  readonly liveOf: (replica: { readonly model: string; readonly number: number }) => LiveReplica
  /** What the gateway calls. */
  readonly callsOf: (name: string) => Pick<ServedModel, "wake" | "failed" | "inFlight">
}

/** Tells the gateway which replicas answer, and only what is new to it. */
export class PublishedModels {
  readonly #options: PublishOptions
  /** What it was told last, as text. */
  readonly #told = new Map<string, string>()

  constructor(options: PublishOptions) {
    this.#options = options
  }

  publishAll(): void {
    const names = new Set(this.#options.core.store.models.list().map(({ name }) => name))
    for (const name of [...this.#told.keys()]) if (!names.has(name)) this.#withdraw(name)
    for (const name of names) this.publish(name)
  }

  /** A model that was stopped is not there for clients. */
  publish(name: string): void {
    const { core, served, liveOf, callsOf } = this.#options
    const model = core.store.models.get(name)
    if (model === undefined || model.wanted === "stopped") {
      this.#withdraw(name)
      return
    }
    const records = core.store.models.replicas(name)
    const replicas = records.flatMap((record) => {
      const one = liveOf(record).served
      return record.state === "ready" && one !== null ? [one] : []
    })
    const problem = lastingProblem(model, records)
    // Whether it is awake changes nothing for the gateway, but a request that waits has to wake it again.
    const text = JSON.stringify([
      replicas.map(({ id }) => id),
      problem,
      model.isAwake,
      model.options.images,
      model.options.engine,
      model.options.purpose,
      model.options.contextTokens,
      model.options.longestTokenBytes,
      model.options.knowsTools,
    ])
    if (this.#told.get(name) === text) return
    this.#told.set(name, text)
    const progress = () => progressText(core.store.models.replicas(name))
    const createdS = Math.floor(model.createdAt / 1_000)
    const { images: takesImages, engine, purpose, contextTokens, knowsTools } = model.options
    const longestTokenBytes = model.options.longestTokenBytes ?? (purpose === "text" ? SAFE_TOKEN_BYTES : null)
    // MLX's server reads texts only.
    const takesTokens = engine !== "mlx"
    served.set({
      name,
      takesImages,
      takesTokens,
      requests: { ...requestsOf(engine), knowsTools },
      purpose,
      contextTokens,
      longestTokenBytes,
      createdS,
      replicas,
      problem,
      progress,
      ...callsOf(name),
    })
  }

  #withdraw(name: string): void {
    if (this.#told.delete(name)) this.#options.served.remove(name)
  }
}
