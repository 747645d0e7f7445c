import { deferred } from "../../base/deferred.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"

export interface StandingOptions {
  /** Hosts to be heard of before any is served; none where the data folder is where it was at the last start. */
  readonly askFirst: readonly HostId[]
  /** Whether the one a host tells of has this server's data, at another place: else it is only that host's affair. */
  readonly isElsewhere: (said: Readonly<Record<string, unknown>>) => boolean
  /** All have been heard of, and none has this server from elsewhere. */
  readonly onCleared: () => void
  /** Another process with a copy of this server's data has a host. Called once. */
  readonly onAside: (error: WindfallError) => void
}

/**
 * Whether this server may serve hosts at all. Two processes on copies of one data folder would start the same jobs, be it on
 * different hosts; so one host that the other holds is enough for this one to stand aside everywhere until it is started anew.
 */
export class Standing {
  readonly #options: StandingOptions
  readonly #unheard: Set<HostId>
  readonly #seen = new Map<HostId, unknown>()
  readonly #decided = deferred<boolean>()
  #aside: WindfallError | undefined

  constructor(options: StandingOptions) {
    this.#options = options
    this.#unheard = new Set(options.askFirst)
    this.#clear()
  }

  /** Why it stands aside, if it does. */
  get aside(): WindfallError | undefined {
    return this.#aside
  }

  /** Resolves once it is known whether hosts may be served. */
  get decided(): Promise<boolean> {
    return this.#decided.promise
  }

  /** The host lets this server in, cannot be reached, has been removed: it does not hold the others up any longer. */
  heardOf(host: HostId): void {
    if (this.#unheard.delete(host)) this.#clear()
  }

  /**
   * A host says that this server has it from elsewhere. That one may have ended a moment ago: whether it lives shows when the
   * host is asked again and has heard of it in the meantime. Returns whether to ask again soon.
   */
  doubled(host: HostId, error: WindfallError): boolean {
    const { details = {} } = error
    if (!this.#options.isElsewhere(details)) {
      this.heardOf(host)
      return false
    }
    const { seen = null } = details
    const before = this.#seen.get(host)
    this.#seen.set(host, seen)
    if (this.#aside !== undefined || (seen !== null && (before === undefined || before === seen))) return true
    this.#aside = error
    this.#decided.resolve(false)
    this.#options.onAside(error)
    return false
  }

  #clear(): void {
    if (this.#unheard.size > 0 || this.#aside !== undefined) return
    this.#decided.resolve(true)
    this.#options.onCleared()
  }
}
