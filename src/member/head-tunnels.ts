import { createServer, type Server, type Socket } from "node:net"
import { readFailed, WAY_OPEN, type WayPurpose } from "../hive/order/tunnel-words.ts"
import { readFirstLine } from "../protocol/first-line.ts"
import { joinSockets } from "./join-sockets.ts"
import type { MemberContext } from "./member-context.ts"
import { TunnelDoor } from "./tunnel-door.ts"

/** Until the server has made a way; on a Mac two looks at who listens are among that. */
const WAY_MS = 15_000
const LONGEST_LINE = 1_024

/**
 * The head's side of tunnels: asks the server for ways to the doors of the others, and has the engine find its workers on this host's
 * loopback.
 */
export class HeadTunnels implements Disposable {
  readonly #door: TunnelDoor
  readonly #listeners: Server[] = []
  readonly #waiting = new Map<
    number,
    { readonly resolve: (socket: Socket) => void; readonly reject: (error: Error) => void }
  >()
  #control: Socket | null = null
  #isThere = Promise.withResolvers<void>()
  #ways = 0

  constructor(context: MemberContext) {
    this.#door = new TunnelDoor(context, (answer, socket) => {
      if (answer.kind === "control") this.#take(socket)
      else if (this.#waiting.has(answer.way)) this.#waiting.get(answer.way)?.resolve(socket)
      else socket.destroy()
    })
  }

  /** @throws {Loss} `port_taken` */
  listen(): Promise<void> {
    return this.#door.listen()
  }

  /** Resolves once the server is there. */
  async reached(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    signal.addEventListener("abort", () => aborted.resolve(), { once: true })
    await Promise.race([this.#isThere.promise, aborted.promise])
    signal.throwIfAborted()
  }

  /** A way to a member, paused. @throws {Error} why there is none */
  async open(rank: number, purpose: WayPurpose): Promise<Socket> {
    const control = this.#control
    if (control === null) throw new Error("the server is not there")
    const way = ++this.#ways
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    this.#waiting.set(way, { resolve, reject })
    const timer = setTimeout(() => reject(new Error("the server has made no way in time")), WAY_MS)
    let socket: Socket | null = null
    try {
      control.write(`open ${way} ${rank}\n`)
      socket = await promise
      socket.write(`${purpose}\n`)
      const answer = await Promise.race([readFirstLine(socket), promise.then(() => limited(WAY_MS))])
      if (answer !== WAY_OPEN) throw new Error(answer.replace(/^no /, ""))
      return socket
    } catch (error) {
      socket?.destroy()
      throw error
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(way)
    }
  }

  /** A port of this host's loopback that leads to the engine of a member. */
  async portTo(rank: number): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      socket.on("error", () => {})
      this.open(rank, "engine").then(
        (way) => joinSockets(socket, way),
        () => socket.resetAndDestroy(),
      )
    })
    this.#listeners.push(server)
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
    return (server.address() as { port: number }).port
  }

  [Symbol.dispose](): void {
    for (const server of this.#listeners) server.close()
    this.#door[Symbol.dispose]()
    this.#control?.destroy()
  }

  /** The latest counts: the one before may be that of a server that was killed. */
  #take(control: Socket): void {
    this.#control?.destroy()
    this.#control = control
    let rest = ""
    control.setEncoding("utf8")
    control.on("data", (piece: string) => {
      const lines = (rest + piece).split("\n")
      rest = lines.pop() ?? ""
      if (rest.length > LONGEST_LINE) control.destroy()
      for (const line of lines) {
        const failed = readFailed(line)
        if (failed !== null) this.#waiting.get(failed.way)?.reject(new Error(failed.reason))
      }
    })
    control.once("end", () => control.destroy())
    control.once("close", () => {
      if (this.#control !== control) return
      this.#control = null
      this.#isThere = Promise.withResolvers()
      for (const { reject } of this.#waiting.values()) reject(new Error("the tunnel through the server was closed"))
    })
    control.resume()
    this.#isThere.resolve()
  }
}

function limited(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("the other end does not answer")), ms).unref())
}
