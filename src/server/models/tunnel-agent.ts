import { Agent } from "node:http"
import type { Duplex } from "node:stream"

/** What HTTP does to a socket and a stream of bytes through a link cannot. */
const NOT_FOR_STREAMS = ["setKeepAlive", "setNoDelay", "ref", "unref"] as const

/** An agent opens 128 to a job; some are left for who looks at it. */
export const MOST_TUNNELS = 120

/**
 * Connections of HTTP that are made by `open`: to an engine on a host, through server and agent. Nothing listens on this machine for
 * that. Kept ones are used again, as each costs a look at who listens there.
 */
export class TunnelAgent extends Agent {
  readonly #open: () => Promise<Duplex>
  #isOver = false

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxFreeSockets: 16, maxSockets: MOST_TUNNELS })
    this.#open = open
  }

  override createConnection(_options: unknown, made?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#open().then(
      (stream) => {
        if (this.#isOver) {
          stream.destroy()
          made?.(new Error("the way to the engine was closed"), stream)
          return
        }
        // A socket of the net is over once its far end has ended; a stream of a link would stay half open, be kept, and take the next request nowhere.
        stream.once("end", () => stream.destroy())
        for (const name of NOT_FOR_STREAMS) if (!(name in stream)) Object.assign(stream, { [name]: () => stream })
        made?.(null, stream)
      },
      // Of an error nothing else is looked at.
      (error: Error) => made?.(error, undefined as unknown as Duplex),
    )
    return undefined
  }

  /** Also what is only being opened ends. */
  override destroy(): void {
    this.#isOver = true
    super.destroy()
  }
}
