import { createHmac, timingSafeEqual } from "node:crypto"
import { createServer, type Server, type Socket } from "node:net"
import { type DoorAnswer, doorGreeting, provenText, readDoorAnswer } from "../hive/order/tunnel-words.ts"
import { readFirstLine } from "../protocol/first-line.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"

const NONCE_BYTES = 16
/** Connections of which nobody knows yet who they are, at a time. */
const MOST_STRANGERS = 32
const STRANGER_MS = 10_000

/**
 * Where the server comes in: on this host's loopback, at the port that is the member's own, as long as the hive lives. Who connects proves
 * that it has the hive's engine key; others are let go.
 */
export class TunnelDoor implements Disposable {
  readonly #context: MemberContext
  readonly #come: (answer: DoorAnswer, socket: Socket) => void
  readonly #server: Server
  /** Of which nobody knows yet who they are. */
  readonly #strangers = new Set<Socket>()

  /** @param come is called with each connection that is the server's; it is paused, and half of it may end */
  constructor(context: MemberContext, come: (answer: DoorAnswer, socket: Socket) => void) {
    this.#context = context
    this.#come = come
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket))
  }

  /** @throws {Loss} `port_taken` */
  async listen(): Promise<void> {
    const { rank, places } = this.#context
    const port = places[rank]?.port ?? 0
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new Loss("port_taken", rank, `cannot listen on 127.0.0.1:${port}: ${error.code ?? error.message}`)),
    )
    this.#server.listen(port, "127.0.0.1", resolve)
    await promise
    this.#server.on("error", () => {})
  }

  /** Nobody comes in any more. Who is in stays: last words may still be on their way. */
  [Symbol.dispose](): void {
    this.#server.close()
    for (const socket of this.#strangers) socket.destroy()
  }

  #take(socket: Socket): void {
    socket.on("error", () => {})
    if (this.#strangers.size >= MOST_STRANGERS) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    const timer = setTimeout(() => socket.destroy(), STRANGER_MS)
    this.#meet(socket)
      .catch(() => socket.destroy())
      .finally(() => {
        clearTimeout(timer)
        this.#strangers.delete(socket)
      })
  }

  async #meet(socket: Socket): Promise<void> {
    const { random, order } = this.#context
    const nonce = random(NONCE_BYTES).toString("hex")
    socket.write(`${doorGreeting(nonce)}\n`)
    const said = readDoorAnswer(await readFirstLine(socket))
    if (said === null) throw new Error("somebody who is not the server")
    const expected = createHmac("sha256", order.engineKey).update(provenText(nonce, said.words)).digest()
    if (!timingSafeEqual(Buffer.from(said.proof, "hex"), expected)) throw new Error("somebody without the key")
    this.#come(said.answer, socket)
  }
}
