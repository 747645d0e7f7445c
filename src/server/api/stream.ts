import { watchToken } from "../auth/token-watch.ts"
import type { ApiRequest } from "./route.ts"

/** What a stream must know of its request. */
export type StreamedRequest = Pick<ApiRequest, "core" | "caller" | "signal" | "hangUp">

/**
 * A Response whose body is made piece by piece as the client takes it: nothing is read ahead, and when the client goes
 * away the generator is ended. The generator must watch `signal` wherever it waits. Once the caller's token is no longer good
 * the connection is cut, so that nobody takes the body for complete.
 * @param options.onEnd called once nothing of the generator runs any more
 */
export function streamed(
  { core, caller, signal: over, hangUp }: StreamedRequest,
  pieces: (signal: AbortSignal) => AsyncGenerator<Uint8Array>,
  options: {
    readonly status?: number
    readonly headers: Record<string, string>
    readonly onEnd?: () => void
    /** The route is open to all: there is no token to watch. */
    readonly open?: boolean
  },
): Response {
  const gone = new AbortController()
  const signal = AbortSignal.any([over, gone.signal])
  const generator = pieces(signal)
  const onEnd = () => {
    watch?.[Symbol.dispose]()
    options.onEnd?.()
  }
  // Also a body that is never read must come to its end.
  signal.addEventListener("abort", () => void generator.return(undefined).finally(onEnd))
  const end = () => {
    gone.abort()
    hangUp()
  }
  const watch = options.open === true ? undefined : watchToken(core, caller, end)
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await generator.next()
        if (gone.signal.aborted) return
        if (!done) return controller.enqueue(value)
        controller.close()
        onEnd()
      },
      async cancel() {
        gone.abort()
        await generator.return(undefined)
        onEnd()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: options.status ?? 200, headers: options.headers })
}

const encoder = new TextEncoder()

/** One Server-Sent Event. */
export function serverEvent(event: string, data: unknown, id?: number): Uint8Array {
  return encoder.encode(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** A comment, so that proxies and clients know the stream lives. */
export const STILL_HERE: Uint8Array = encoder.encode(": still here\n\n")

export const SSE_HEADERS: Record<string, string> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
}
