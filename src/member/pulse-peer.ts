import { createHmac, timingSafeEqual } from "node:crypto"
import type { Socket } from "node:net"
import type { HiveOrder } from "../hive/order/hive-order.ts"
import type { MemberContext } from "./member-context.ts"
import { type PulseMessage, readPulseMessage } from "./pulse-message.ts"

/** Longer than any message. */
const LONGEST_LINE = 16_384
const NONCE_BYTES = 16
const GREETING = /^windfall-hive 1 ([0-9a-f]{32}) (\d{1,2})$/

type Keyed = Pick<HiveOrder, "hive" | "key">

/**
 * One member at the other end of a connection. Both say a random number and their rank; from then on each line begins with a code made from
 * the hive's key, both numbers, both ranks, the direction and how many lines went before. So nobody without the key is believed, and no line that was heard once.
 * Lines are not secret.
 */
export class PulsePeer {
  readonly rank: number
  /** When it was heard last, by the clock that only grows. */
  heardMs: number
  readonly #socket: Socket
  readonly #key: Buffer
  readonly #ownRank: number
  readonly #clock: MemberContext["clock"]
  #sent = 0
  #received = 0

  constructor(socket: Socket, rank: number, key: Buffer, ownRank: number, clock: MemberContext["clock"]) {
    this.rank = rank
    this.#socket = socket
    this.#key = key
    this.#ownRank = ownRank
    this.#clock = clock
    this.heardMs = clock.monotonicMs()
  }

  send(message: PulseMessage): void {
    if (!this.#socket.writable) return
    const text = JSON.stringify(message)
    this.#socket.write(`${this.#code(this.#ownRank, this.#sent++, text)} ${text}\n`)
  }

  /** Sends the last word; what was sent before arrives first. */
  close(): void {
    this.#socket.end()
  }

  /** @throws when it is not from the member it should be from */
  take(line: string): PulseMessage {
    const at = line.indexOf(" ")
    const text = line.slice(at + 1)
    const expected = Buffer.from(this.#code(this.rank, this.#received, text))
    const given = Buffer.from(line.slice(0, Math.max(0, at)))
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error("a line without the key")
    this.#received += 1
    this.heardMs = this.#clock.monotonicMs()
    return readPulseMessage(text)
  }

  #code(from: number, count: number, text: string): string {
    return createHmac("sha256", this.#key).update(`${from} ${count} ${text}`).digest("hex")
  }
}

export interface PulseEvents {
  /** Its first line was good: it has the key. */
  readonly message: (peer: PulsePeer, message: PulseMessage) => void
  /** The connection is over, for whatever reason. `peer` is `null` where nobody with the key was there. */
  readonly closed: (peer: PulsePeer | null, reason: string) => void
}

/**
 * Greets who is at the other end of a connection, and passes on what it says.
 * @param mayBe the ranks that it may say it has
 */
export function greet(
  socket: Socket,
  order: Keyed,
  own: Pick<MemberContext, "rank" | "clock" | "random">,
  mayBe: (rank: number) => boolean,
  events: PulseEvents & { readonly met: (peer: PulsePeer) => void },
): void {
  const nonce = own.random(NONCE_BYTES).toString("hex")
  let peer: PulsePeer | null = null
  let isProven = false
  let rest = ""
  let reason = "the connection was closed"
  socket.setNoDelay(true)
  socket.setEncoding("utf8")
  socket.write(`windfall-hive 1 ${nonce} ${own.rank}\n`)
  socket.on("error", (error) => {
    reason = error.message
  })
  socket.on("close", () => events.closed(isProven ? peer : null, reason))
  socket.on("data", (piece: string) => {
    rest += piece
    try {
      for (let at = rest.indexOf("\n"); at !== -1; at = rest.indexOf("\n")) {
        const line = rest.slice(0, at)
        rest = rest.slice(at + 1)
        takeLine(line)
      }
      if (rest.length > LONGEST_LINE) throw new Error("a line that is too long")
    } catch (error) {
      reason = (error as Error).message
      socket.destroy()
    }
  })

  function takeLine(line: string): void {
    if (peer !== null) {
      const message = peer.take(line)
      isProven = true
      events.message(peer, message)
      return
    }
    const [, theirs = "", said = ""] = GREETING.exec(line) ?? []
    const rank = Number(said)
    if (theirs === "" || theirs === nonce || !mayBe(rank)) throw new Error("somebody who is no member")
    peer = new PulsePeer(socket, rank, sessionKey(order, own.rank, nonce, rank, theirs), own.rank, own.clock)
    events.met(peer)
  }
}

/** The lower rank's number first, so that both ends come to the same. */
function sessionKey({ hive, key }: Keyed, rank: number, nonce: string, theirRank: number, theirs: string): Buffer {
  const parts = rank < theirRank ? [rank, nonce, theirRank, theirs] : [theirRank, theirs, rank, nonce]
  return createHmac("sha256", Buffer.from(key, "hex"))
    .update(`${hive} ${parts.join(" ")}`)
    .digest()
}
