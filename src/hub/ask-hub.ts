import { WindfallError } from "../protocol/errors.ts"
import { readRetryAfter } from "./answer-headers.ts"
import type { Hub } from "./hub.ts"
import { HubTrouble } from "./patience.ts"
import { StallWatch } from "./stall-watch.ts"

/** An answer whose body is still to be read, or let go of. */
export interface HubAnswer extends AsyncDisposable {
  readonly status: number
  readonly headers: Headers
  /** What the hub itself said before it led on to where the bytes lie. */
  readonly linked: { readonly etag: string | null; readonly bytes: number | null }
  /** The body, which fails with {@link HubTrouble} where it stalls or breaks. */
  pieces(): AsyncGenerator<Uint8Array>
}

export interface HubQuestion {
  readonly method?: "GET" | "HEAD"
  readonly headers?: Readonly<Record<string, string>>
  /** As in "Cannot ...". */
  readonly doing: string
  /** For HEAD: what the hub says of a file is told before it leads on. */
  readonly stopAtLinked?: boolean
  readonly signal: AbortSignal
}

const MOST_HOPS = 8
const WORTH_ANOTHER_TRY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 520, 522, 524])

/**
 * Asks once, and goes where the hub leads. The token goes to the hub's own origin alone.
 * @throws {HubTrouble} where another try may go better; {WindfallError} not_allowed, file_not_found, hub_unreachable
 */
export async function askHub(hub: Hub, address: URL, question: HubQuestion): Promise<HubAnswer> {
  const { method = "GET", doing, signal } = question
  const cut = new AbortController()
  const ask = hub.fetch ?? ((to, init) => fetch(to, { ...init, redirect: "manual" }))
  const watch = new StallWatch(hub.limits, () => cut.abort(new HubTrouble("nothing came for too long")))
  const ending = AbortSignal.any([signal, cut.signal])
  let linked: HubAnswer["linked"] = { etag: null, bytes: null }
  let url = address
  for (let hop = 0; ; hop++) {
    const isOwn = url.origin === hub.base.origin
    const response = await watch
      .during(() =>
        ask(url, {
          method,
          signal: ending,
          headers: {
            "user-agent": "windfall",
            // A hash and a range are of the bytes as they lie there.
            "accept-encoding": "identity",
            ...question.headers,
            ...(isOwn && hub.token !== null ? { authorization: `Bearer ${hub.token}` } : {}),
          },
        }),
      )
      .catch((error: unknown) => {
        signal.throwIfAborted()
        if (error instanceof WindfallError) throw error
        throw cut.signal.aborted ? cut.signal.reason : new HubTrouble(reasonOf(error))
      })
    if (isOwn) linked = linkedBy(response.headers, linked)
    const letGo = async () => {
      await response.body?.cancel().catch(() => {})
      cut.abort(new HubTrouble("it was let go of"))
    }
    const { status, headers } = response
    const leads = status >= 300 && status < 400 && status !== 304
    if (leads && !(question.stopAtLinked === true && linked.etag !== null && linked.bytes !== null)) {
      await response.body?.cancel().catch(() => {})
      url = nextHop(url, headers.get("location"), hop, doing)
      continue
    }
    if (!leads && status !== 200 && status !== 206 && status !== 416) {
      await letGo()
      throw refusalOf(hub, status, headers, doing, isOwn)
    }
    if ((headers.get("content-encoding") ?? "identity") !== "identity") {
      await letGo()
      throw new HubTrouble("it sends its bytes packed, which nobody asked for")
    }
    return {
      status,
      headers,
      linked,
      pieces: () => readBody(response, watch, signal, cut.signal),
      [Symbol.asyncDispose]: letGo,
    }
  }
}

async function* readBody(
  response: Response,
  watch: StallWatch,
  signal: AbortSignal,
  cut: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (response.body === null) return
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { value, done } = await watch.during(
        () => reader.read(),
        (read) => read.value?.length ?? 0,
      )
      if (done) return
      yield value
    }
  } catch (error) {
    signal.throwIfAborted()
    throw cut.aborted ? cut.reason : new HubTrouble(`the connection broke (${reasonOf(error)})`)
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function nextHop(from: URL, location: string | null, hop: number, doing: string): URL {
  const to = location === null ? null : URL.parse(location, from)
  const refuse = (why: string) => new WindfallError("hub_unreachable", `Cannot ${doing}: ${why}`)
  if (to === null || (to.protocol !== "https:" && to.protocol !== "http:")) throw refuse("the hub leads nowhere")
  // What asks takes no such address, and would say it whole.
  if (to.username !== "" || to.password !== "")
    throw refuse("the hub leads to an address with a name or password in it")
  if (from.protocol === "https:" && to.protocol === "http:")
    throw refuse("the hub leads to where anybody on the way could change what comes (http)")
  if (hop + 1 >= MOST_HOPS) throw new HubTrouble("the hub leads round and round")
  return to
}

function linkedBy(headers: Headers, before: HubAnswer["linked"]): HubAnswer["linked"] {
  const size = headers.get("x-linked-size")
  const bytes = size !== null && /^\d{1,15}$/.test(size) ? Number(size) : null
  return { etag: headers.get("x-linked-etag") ?? before.etag, bytes: bytes ?? before.bytes }
}

function refusalOf(hub: Hub, status: number, headers: Headers, doing: string, isOwn: boolean): Error {
  const code = headers.get("x-error-code")
  if (WORTH_ANOTHER_TRY.has(status))
    return new HubTrouble(
      `the hub answers with HTTP ${status}`,
      readRetryAfter(headers.get("retry-after"), hub.clock.now()),
    )
  // A signature that has run out: the hub gives a new one.
  if (!isOwn && status < 500) return new HubTrouble(`where the hub leads answers with HTTP ${status}`)
  const hint =
    hub.token === null
      ? "If it is private, or asks for consent: store a token (windfall secret set HF_TOKEN), and give your consent on its page"
      : "The token does not open it: has it the right to read, and was consent given on the repository's page?"
  if (status === 404 || code === "RepoNotFound" || code === "RevisionNotFound" || code === "EntryNotFound") {
    const what =
      code === "RevisionNotFound" ? "revision" : code === "EntryNotFound" ? "file" : "repository, or it is hidden"
    return new WindfallError("file_not_found", `Cannot ${doing}: ${hub.base.host} has no such ${what}`, { hint })
  }
  if (status === 401 || status === 403)
    return new WindfallError("not_allowed", `Cannot ${doing}: ${hub.base.host} does not let us (HTTP ${status})`, {
      hint,
    })
  return new WindfallError("hub_unreachable", `Cannot ${doing}: ${hub.base.host} answers with HTTP ${status}`)
}

/** Of a failed fetch its cause says what happened. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown; message?: unknown } } | null)?.cause
  const { code, message } = cause ?? (error as { code?: unknown; message?: unknown })
  return typeof code === "string" ? code : String(message ?? error)
}
