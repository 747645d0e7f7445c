import { createHash } from "node:crypto"
import { WindfallError } from "../../protocol/errors.ts"
import type { ApiRequest, Route } from "./route.ts"

/** An answer ready to leave. */
export interface ReadyAnswer {
  readonly status: number
  readonly text: string
}

export interface OnceOptions {
  readonly request: ApiRequest
  readonly route: Route
  readonly change: (request: ApiRequest) => unknown
  /** The caller's idempotency key, or `null`. */
  readonly key: string | null
  /** All that makes the request what it is. */
  readonly question: string
}

/**
 * Makes a lasting change; under a key only once: the first answer is stored in the same transaction and given again to
 * whoever repeats the request. Sealed, because it may hold a token.
 * @throws {WindfallError} idempotency_mismatch when the key was used for something else
 */
export async function changeOnce({ request, route, change, key, question }: OnceOptions): Promise<ReadyAnswer> {
  const { core, caller } = request
  const status = route.status ?? 200
  if (key === null) {
    await route.prepare?.(request)
    return { status, text: JSON.stringify(await core.ledger.change(() => change(request))) }
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new WindfallError("invalid_input", "Cannot use the idempotency key: it must be 1 to 200 visible characters")
  }
  const askedSha256 = createHash("sha256").update(question).digest("hex")
  const context = `answer ${caller.user} ${key}`
  const known = (): ReadyAnswer | undefined => {
    const stored = core.store.answers.get(caller.user, key)
    if (stored === undefined) return undefined
    if (stored.askedSha256 !== askedSha256) {
      throw new WindfallError("idempotency_mismatch", "Cannot repeat the request: its key was used for another one", {
        hint: "Use a fresh Idempotency-Key for each new request",
      })
    }
    return { status: stored.status, text: core.secrets.open(stored.answer, context) }
  }
  const before = known()
  if (before !== undefined) return before
  await route.prepare?.(request)
  return core.ledger.change(() => {
    // Asked again: the same request may have come twice at once.
    const meanwhile = known()
    if (meanwhile !== undefined) return meanwhile
    const text = JSON.stringify(change(request))
    const answer = core.secrets.seal(text, context)
    core.store.answers.put(caller.user, key, { askedSha256, status, answer }, core.clock.now())
    return { status, text }
  })
}
