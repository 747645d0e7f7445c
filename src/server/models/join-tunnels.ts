import { constants } from "node:http2"
import type { HostTunnel } from "../hosts/host-channel.ts"

type Stream = HostTunnel["stream"]

/**
 * Carries bytes between two hosts, each held back while the other does not take. An end of one direction is passed on and leaves the other
 * open; a break of one side, or the signal, breaks both.
 */
export function joinTunnels(a: Stream, b: Stream, signal: AbortSignal): void {
  const broken = () => new Error("the tunnel broke")
  const abort = () => {
    for (const stream of [a, b]) stream.destroy(broken())
  }
  signal.addEventListener("abort", abort, { once: true })
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("error", () => {})
    from.on("end", () => {
      // A stream that was reset ends, too.
      if (from.rstCode === constants.NGHTTP2_NO_ERROR) to.end()
      else to.destroy(broken())
    })
    from.on("close", () => {
      signal.removeEventListener("abort", abort)
      if (!from.readableEnded || !from.writableFinished) to.destroy(broken())
    })
    from.pipe(to, { end: false })
  }
  if (signal.aborted) abort()
}
