import type { Socket } from "node:net"

/** Carries bytes between two sockets whose halves end by themselves. An end is passed on; a break of one breaks the other. */
export function joinSockets(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("error", () => {})
    from.once("close", () => {
      if (!from.readableEnded || !from.writableFinished) to.resetAndDestroy()
    })
    from.pipe(to)
  }
}
