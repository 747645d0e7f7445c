import { connect, type Socket } from "node:net"
import { readPurpose, WAY_OPEN } from "../hive/order/tunnel-words.ts"
import { readFirstLine } from "../protocol/first-line.ts"
import { joinSockets } from "./join-sockets.ts"
import type { MemberContext } from "./member-context.ts"
import { TunnelDoor } from "./tunnel-door.ts"

const CONNECT_MS = 5_000

/** A worker's side of tunnels: ways that the head asked for end here, as its proof of life or at the engine's port. */
export class WorkerTunnels implements Disposable {
  /** Where the engine listens on this host's loopback; `null` as long as it does not. */
  enginePort: number | null = null
  readonly #door: TunnelDoor
  readonly #pulses: Socket[] = []
  #wanted: ((socket: Socket) => void) | null = null

  constructor(context: MemberContext) {
    this.#door = new TunnelDoor(context, (answer, socket) => {
      if (answer.kind === "end") this.#serve(socket).catch(() => socket.destroy())
      else socket.destroy()
    })
  }

  /** @throws {Loss} `port_taken` */
  listen(): Promise<void> {
    return this.#door.listen()
  }

  /** The next way that the head made for the proof of life, paused; `null` when none comes in time. */
  async nextPulse(limitMs: number, signal: AbortSignal): Promise<Socket | null> {
    const ready = this.#pulses.shift()
    if (ready !== undefined) return ready
    const { promise, resolve } = Promise.withResolvers<Socket | null>()
    const timer = setTimeout(() => resolve(null), limitMs)
    const abort = () => resolve(null)
    signal.addEventListener("abort", abort, { once: true })
    this.#wanted = resolve
    try {
      return await promise
    } finally {
      this.#wanted = null
      clearTimeout(timer)
      signal.removeEventListener("abort", abort)
    }
  }

  [Symbol.dispose](): void {
    this.#door[Symbol.dispose]()
  }

  async #serve(socket: Socket): Promise<void> {
    const purpose = readPurpose(await readFirstLine(socket))
    if (purpose === "pulse") {
      socket.write(`${WAY_OPEN}\n`)
      if (this.#wanted === null) this.#pulses.push(socket)
      else this.#wanted(socket)
      return
    }
    if (purpose === null) throw new Error("a way for nothing that is known")
    try {
      if (this.enginePort === null) throw new Error("its engine does not listen yet")
      const engine = await connected(this.enginePort)
      socket.write(`${WAY_OPEN}\n`)
      joinSockets(socket, engine)
    } catch (error) {
      socket.end(`no ${(error as Error).message}\n`)
      socket.resume()
    }
  }
}

function connected(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true })
  const timer = setTimeout(() => socket.destroy(new Error("its engine takes no connection")), CONNECT_MS)
  socket.once("error", reject)
  socket.once("connect", () => {
    clearTimeout(timer)
    resolve(socket)
  })
  socket.once("close", () => clearTimeout(timer))
  return promise
}
