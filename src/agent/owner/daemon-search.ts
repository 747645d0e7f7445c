import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import type { ProcessRow } from "../platform/platform.ts"
import { findDaemons } from "./daemons.ts"

/** So long is waited for a search; what it finds later is dealt with at the next look at the tree. */
const SEARCH_MS = 2_000
/** A tree that is stopped can hardly get new ones: it is searched twice, then only now and then. */
const AT_ONCE = 2
const AGAIN_MS = 30_000
/** What fails is not tried again at once. */
const AFTER_FAILURE_MS = 5_000

interface Searched {
  /** Since the tree was stopped last. */
  times: number
  atMs: number
  failedMs: number
  running: Promise<readonly ProcessRow[] | null> | undefined
}

/** When daemons of stopped trees are looked for, as that costs more than a look at the process table. */
export class DaemonSearch {
  readonly #context: AgentContext
  readonly #searched = new WeakMap<Attempt, Searched>()

  constructor(context: AgentContext) {
    this.#context = context
  }

  isDue(attempt: Attempt): boolean {
    const { times, atMs } = this.#of(attempt)
    return times < AT_ONCE || performance.now() - atMs >= AGAIN_MS
  }

  /** Whether it was searched since its tree was stopped, by this agent: then all that is stopped is known. */
  isDone(attempt: Attempt): boolean {
    return this.#of(attempt).times > 0
  }

  /** It goes on, or ends. */
  forget(attempt: Attempt): void {
    this.#searched.delete(attempt)
  }

  /** Those that were not known before; `null` where it failed, or took too long. Never throws. */
  async look(attempt: Attempt): Promise<readonly ProcessRow[] | null> {
    const searched = this.#of(attempt)
    if (performance.now() - searched.failedMs < AFTER_FAILURE_MS) return null
    searched.running ??= this.#search(attempt, searched)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), SEARCH_MS).unref()
    })
    try {
      return await Promise.race([searched.running, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #search(attempt: Attempt, searched: Searched): Promise<readonly ProcessRow[] | null> {
    try {
      const found = await findDaemons(this.#context, attempt)
      searched.times++
      searched.atMs = performance.now()
      return found
    } catch {
      searched.failedMs = performance.now()
      return null
    } finally {
      searched.running = undefined
    }
  }

  #of(attempt: Attempt): Searched {
    const before = this.#searched.get(attempt)
    if (before !== undefined) return before
    const none: Searched = { times: 0, atMs: 0, failedMs: Number.NEGATIVE_INFINITY, running: undefined }
    this.#searched.set(attempt, none)
    return none
  }
}
