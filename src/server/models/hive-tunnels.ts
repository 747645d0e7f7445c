import { createHmac } from "node:crypto"
import { type DoorAnswer, doorWords, provenText, readDoorGreeting, readOpen } from "../../hive/order/tunnel-words.ts"
import { readFirstLine } from "../../protocol/first-line.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { membersOf } from "../gang/members.ts"
import type { HostTunnel } from "../hosts/host-channel.ts"
import { joinTunnels } from "./join-tunnels.ts"

/** Between two tries: a member's door opens a moment after its command begins. */
const AGAIN_MS = 200
const LONGEST_LINE = 1_024

type Stream = HostTunnel["stream"]

interface Door {
  readonly hostId: HostId
  readonly hostName: string
  readonly sequence: number
  readonly port: number
}

/**
 * The ways between the members of one attempt of a hive that have no network in common: through this server's links to their hosts. Comes to
 * the head's door, and makes each way that it asks for, until it is disposed of. The next run of the server comes again; what went through
 * this one is broken then, and the hive with it.
 */
export class HiveTunnels implements Disposable {
  readonly attempt: number
  readonly #core: Core
  readonly #doors: readonly Door[]
  readonly #key: string
  readonly #wayMs: number
  readonly #end = new AbortController()
  readonly #signal: AbortSignal

  /**
   * @param key what the hive's engine asks of its callers: the server's proof
   * @param wayMs so long the door of a worker is tried for one way
   */
  constructor(core: Core, job: JobRecord, key: string, wayMs: number) {
    this.#core = core
    this.#key = key
    this.#wayMs = wayMs
    this.#signal = AbortSignal.any([core.signal, this.#end.signal])
    const members = membersOf(job)
    this.attempt = members[0]?.number ?? 0
    this.#doors = members.map(({ hostId, hostName, sequence, member }, rank) => ({
      hostId,
      hostName,
      sequence,
      port: member.roster?.[rank]?.ports[0] ?? 0,
    }))
    void this.#run()
  }

  [Symbol.dispose](): void {
    this.#end.abort()
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#control(await this.#enter(0, { kind: "control" }))
      } catch {
        // Its host is out of contact, or its door is not open yet.
      }
      await this.#core.clock.sleep(AGAIN_MS, { signal: this.#signal }).catch(() => {})
    }
  }

  /** Does what the head asks for, until its door closes. */
  async #control(stream: Stream): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const over = new AbortController()
    const signal = AbortSignal.any([this.#signal, over.signal])
    const stop = () => stream.destroy(new Error("the server lets it go"))
    this.#signal.addEventListener("abort", stop, { once: true })
    let rest = ""
    stream.setEncoding("utf8")
    stream.on("data", (piece: string) => {
      const lines = (rest + piece).split("\n")
      rest = lines.pop() ?? ""
      if (rest.length > LONGEST_LINE) stream.destroy(new Error("a line that is too long"))
      for (const line of lines) {
        const asked = readOpen(line)
        if (asked !== null) void this.#make(asked.way, asked.rank, stream, signal)
      }
    })
    stream.once("end", () => stream.end())
    stream.once("close", resolve)
    stream.resume()
    await promise
    this.#signal.removeEventListener("abort", stop)
    over.abort()
  }

  /** One way: an end at the head's door, one at the worker's. */
  async #make(way: number, rank: number, control: Stream, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#wayMs)])
    try {
      if (rank === 0 || this.#doors[rank] === undefined) throw new Error("there is no such member")
      // First the one that may not be there yet.
      const worker = await this.#enterSoon(rank, { kind: "end", way }, limit)
      try {
        const head = await this.#enter(0, { kind: "end", way })
        joinTunnels(head, worker, this.#signal)
      } catch (error) {
        worker.destroy(error as Error)
        throw error
      }
    } catch (error) {
      const reason = (error as Error).message.replaceAll(/\s+/g, " ").slice(0, 400)
      if (control.writable) control.write(`failed ${way} ${reason}\n`)
    }
  }

  async #enterSoon(rank: number, answer: DoorAnswer, limit: AbortSignal): Promise<Stream> {
    for (;;) {
      try {
        return await this.#enter(rank, answer)
      } catch (error) {
        if (limit.aborted) throw error
        await this.#core.clock.sleep(AGAIN_MS, { signal: limit }).catch(() => {})
      }
    }
  }

  /** Comes in at a member's door: what follows on the stream, which is paused, is the member's. */
  async #enter(rank: number, answer: DoorAnswer): Promise<Stream> {
    const { hostId, hostName, sequence, port } = this.#doors[rank] as Door
    const channel = this.#core.fleet.get(hostId)?.channel
    if (channel == null) throw new Error(`${hostName} is out of contact`)
    // A tunnel ends with the signal that it was opened with, however long it has been open.
    const opening = new AbortController()
    const giveUp = () => opening.abort(new Error(`the door of ${hostName} does not answer`))
    const late = setTimeout(giveUp, this.#wayMs)
    this.#signal.addEventListener("abort", giveUp, { once: true })
    let stream: Stream | undefined
    try {
      stream = (await channel.openTunnel(`${sequence}/port/${port}`, { signal: opening.signal })).stream
      stream.on("error", () => {})
      const nonce = readDoorGreeting(await readFirstLine(stream))
      if (nonce === null) throw new Error(`what listens on ${hostName} is no member`)
      const words = doorWords(answer)
      stream.write(`${createHmac("sha256", this.#key).update(provenText(nonce, words)).digest("hex")} ${words}\n`)
      return stream
    } catch (error) {
      stream?.destroy(error as Error)
      throw error
    } finally {
      clearTimeout(late)
      this.#signal.removeEventListener("abort", giveUp)
    }
  }
}
