import type { Socket } from "node:net"
import { backoffMs } from "../../base/backoff.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { joinTunnel } from "../../protocol/tunnel.ts"
import type { Cli } from "../cli.ts"
import { isPassing, openTunnel } from "./open-tunnel.ts"

/** A new connection outlives a link that is away no longer than this. */
const PATIENCE_MS = 30_000

export interface CarriedWay {
  readonly job: number
  readonly port: number
  readonly signal: AbortSignal
  /** The job has as many connections as it may have. */
  readonly onFull: (error: WindfallError) => void
}

/**
 * Carries one connection of this machine to a job's port, until it has ended. Where no way can be had it is reset: whoever
 * made it then knows that nothing answers. Never rejects.
 * @param connection paused until now
 */
export async function carry(cli: Cli, connection: Socket, way: CarriedWay): Promise<void> {
  const { job, port, signal, onFull } = way
  const gone = new AbortController()
  const breakOff = () => connection.resetAndDestroy()
  const onClose = () => gone.abort()
  connection.on("error", () => undefined)
  connection.once("close", onClose)
  signal.addEventListener("abort", breakOff, { once: true })
  try {
    const socket = await openPatiently(cli, job, port, AbortSignal.any([signal, gone.signal]))
    await joinTunnel(socket, connection, { isWhole: () => true, breakOff })
  } catch (error) {
    if (error instanceof WindfallError && error.code === "host_busy") onFull(error)
    breakOff()
  } finally {
    signal.removeEventListener("abort", breakOff)
  }
}

async function openPatiently(cli: Cli, job: number, port: number, signal: AbortSignal) {
  const startedMs = cli.clock.monotonicMs()
  for (let round = 0; ; round++) {
    try {
      return (await openTunnel(cli.login, job, `ports/${port}`, signal)).socket
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error) || cli.clock.monotonicMs() - startedMs > PATIENCE_MS) throw error
      await cli.clock.sleep(backoffMs(round, cli.random, 50, 1_000), { signal })
    }
  }
}
