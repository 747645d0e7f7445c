import type { Agent } from "node:http"
import type { EngineRequests } from "../../gateway/for-engine.ts"
import type { ModelPurpose } from "../../protocol/model-api.ts"
import type { EngineReadings } from "./engine-readings.ts"

/** One running engine, or one gang of them, that answers for a model. */
export interface Replica {
  /** Unique for ever: a replica that was started anew is another one. */
  readonly id: string
  /** Where its HTTP is, without a path: `http://127.0.0.1:4321`. */
  readonly url: string
  /** What the engine itself calls the model; never shown to clients. */
  readonly model: string
  /** How many requests it takes at a time. */
  readonly slots: number
  /** What the engine wants as bearer, if it wants something. */
  readonly key: string | null
  /** For a token of one conversation, as its plan has it; more than 0, absent where that is not known. */
  readonly plannedTokenMs?: number
  /** What makes its connections; absent where it is reached at its URL. */
  readonly agent?: Agent
  /** Why what was under way there was cut, in words, where that is known; asked once it is. */
  readonly whyCut?: () => string | null
  /** What is at its engine just now, and how that ended. */
  readonly readings?: EngineReadings
}

/** A model as the gateway sees it. Values do not change: another state is another value, given to {@link ServedModels.set}. */
export interface ServedModel {
  /** What clients ask for. */
  readonly name: string
  /** Seconds since 1970. */
  readonly createdS: number
  /** Others are refused before an engine sees them. */
  readonly takesImages: boolean
  /** Its engine reads prompts that are numbers of tokens; else they are refused before it sees them. */
  readonly takesTokens: boolean
  /** What its engine makes of the fields of a request. */
  readonly requests: EngineRequests
  /** What else it is asked for is refused before its engine sees it. */
  readonly purpose: ModelPurpose
  /** Of each of its slots. */
  readonly contextTokens: number
  /** No token of it stands for more bytes of text: what certainly is longer than its context is refused; `null`: not known. */
  readonly longestTokenBytes: number | null
  /** Those that are ready; none while the model is cold or comes up. */
  readonly replicas: readonly Replica[]
  /** Why none will come by itself; `null` when one may. */
  readonly problem: string | null
  /** Called when a request waits and there is no replica. */
  wake(): void
  /** What a request that waits for a replica is told meanwhile, in words of one line. */
  progress?(): string
  /** A replica did not answer as it should. It may be called more than once for one. */
  failed(replica: Replica, reason: string): void
  /** Called when a request is brought to a replica (1), and when it is over there (-1). */
  readonly inFlight?: (replica: Replica, change: 1 | -1) => void
}

/** Whether nobody need wait for it: it is not served any more, or no replica will come by itself. */
export function isOver(model: ServedModel | undefined): boolean {
  return model === undefined || (model.replicas.length === 0 && model.problem !== null)
}

/** The models that are served just now: filled by whoever runs them, read by the gateway. */
export class ServedModels {
  readonly #models = new Map<string, ServedModel>()
  readonly #listeners = new Set<(name: string) => void>()

  set(model: ServedModel): void {
    this.#models.set(model.name, model)
    this.#tell(model.name)
  }

  remove(name: string): void {
    if (this.#models.delete(name)) this.#tell(name)
  }

  find(name: string): ServedModel | undefined {
    return this.#models.get(name)
  }

  /** By name. */
  all(): ServedModel[] {
    return [...this.#models.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  get isEmpty(): boolean {
    return this.#models.size === 0
  }

  /** Calls back with the name of each model that came, changed or went; returns how to stop that. */
  onChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }
}
