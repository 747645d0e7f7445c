import { deferred } from "../../base/deferred.ts"
import { invariant } from "../../base/invariant.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { Core } from "../core.ts"
import type { Asked } from "./asked.ts"
import type { Route } from "./route.ts"

/** A request that carries an idempotency key. */
export interface KeyedRequest {
  readonly user: string
  readonly key: string
  readonly route: Route
  readonly asked: Asked
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** What the one who carries out a keyed request is given. */
export interface FirstTime {
  /** Within a change, the one that does what was asked for: repeats are answered with this from now on. */
  remember(text: string): void
  /** What was asked for is under way until this settles, although an answer has begun to leave. */
  lasts(until: Promise<void>): void
}

interface Running {
  readonly asked: Asked
  readonly over: Promise<void>
}

/**
 * Sees to it that what is asked for under one key is done once. The first answer is stored with the change it tells of and
 * given to every repeat; a repeat that comes while the first is under way waits for it. A refusal is not stored, as
 * nothing was done: the repeat is a new try, and so it is when the first client went away and its request came to nothing.
 */
export class Repeats {
  readonly #core: Core
  readonly #running = new Map<string, Running>()

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * @param make carries the request out
   * @throws {WindfallError} idempotency_mismatch when the key was used for something else
   */
  async answer(request: KeyedRequest, make: (first: FirstTime) => Promise<Response>): Promise<Response> {
    const { user, key, asked, route } = request
    const place = `${user} ${key}`
    for (;;) {
      const stored = this.#core.store.answers.get(user, key)
      if (stored !== undefined) {
        if (stored.askedSha256 !== (await asked.readAll())) throw mismatch()
        if (route.repeats !== "anew") return answerOf(route, this.#core.secrets.open(stored.answer, sealedAs(request)))
      }
      const running = this.#running.get(place)
      if (running === undefined) break
      if (running.asked.sha256 !== null && asked.sha256 !== null && running.asked.sha256 !== asked.sha256) {
        throw mismatch()
      }
      await settledOr(running.over, request.signal)
      if (request.signal.aborted)
        throw new WindfallError("link_lost", "Cannot answer the request: its client went away")
    }
    const over = deferred<void>()
    let until: Promise<void> = Promise.resolve()
    this.#running.set(place, { asked, over: over.promise })
    try {
      return await make({
        remember: (text) => this.#remember(request, text),
        lasts: (longer) => {
          until = longer
        },
      })
    } finally {
      void until.finally(() => {
        this.#running.delete(place)
        over.resolve()
      })
    }
  }

  #remember(request: KeyedRequest, text: string): void {
    const { user, key, asked, route } = request
    const { store, secrets, clock } = this.#core
    invariant(asked.sha256 !== null, "an answer is remembered before all of its question was read")
    // Sealed, because it may hold a token.
    const answer = secrets.seal(text, sealedAs(request))
    store.answers.put(user, key, { askedSha256: asked.sha256, status: route.status ?? 200, answer }, clock.now())
  }
}

/** The key of a request that carries one, else `null`. @throws {WindfallError} invalid_input */
export function idempotencyKey(headers: Headers): string | null {
  const key = headers.get("idempotency-key")
  if (key === null || /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new WindfallError("invalid_input", "Cannot use the idempotency key: it must be 1 to 200 visible characters", {
    hint: "A random one for each thing to be done once, for instance a UUID; the same one when it is asked for again",
  })
}

/** An answer of this route, made before. */
export function answerOf(route: Route, text: string): Response {
  const [type = "application/json"] = route.produces?.split(", ") ?? []
  const headers = { "content-type": type }
  return new Response(text, { status: route.status ?? 200, headers })
}

function sealedAs({ user, key }: KeyedRequest): string {
  return `answer ${user} ${key}`
}

async function settledOr(over: Promise<void>, signal: AbortSignal): Promise<void> {
  const gone = deferred<void>()
  const onAbort = () => gone.resolve()
  signal.addEventListener("abort", onAbort, { once: true })
  if (signal.aborted) onAbort()
  await Promise.race([over, gone.promise])
  signal.removeEventListener("abort", onAbort)
}

function mismatch(): WindfallError {
  return new WindfallError("idempotency_mismatch", "Cannot repeat the request: its key was used for another one", {
    hint: "Use a fresh Idempotency-Key for each new request",
  })
}
