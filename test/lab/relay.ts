/** A TCP relay that can delay, slow down and silence what passes: the network between the lab's server and one host. */
import net from "node:net"

export interface RelaySettings {
  /** Added to each direction. */
  delayMs: number
  /** Megabits per second in each direction; `null`: as fast as it goes. */
  mbit: number | null
  /** Nothing passes and nobody is told, as with a pulled cable. */
  cut: boolean
}

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Takes effect at once, also on connections that are open. */
  set(settings: Partial<RelaySettings>): void
}

export type RelayTarget = { readonly host: string; readonly port: number } | { readonly path: string }

/** Listens on 127.0.0.1 and passes every connection on to `target`. */
export async function startRelay(target: RelayTarget, initial: Partial<RelaySettings> = {}): Promise<Relay> {
  const settings: RelaySettings = { delayMs: 0, mbit: null, cut: false, ...initial }
  const pipes = new Set<Pipe>()
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ ...target, allowHalfOpen: true, noDelay: true })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on("error", () => {
        near.destroy()
        far.destroy()
      })
      socket.on("close", () => sockets.delete(socket))
    }
    for (const pipe of [new Pipe(near, far, settings), new Pipe(far, near, settings)]) {
      pipes.add(pipe)
      pipe.from.once("close", () => pipes.delete(pipe))
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    set: (change) => {
      Object.assign(settings, change)
      for (const pipe of pipes) pipe.pump()
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const pipe of pipes) pipe.stop()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One direction of one connection: a queue whose head leaves when its time has come. */
class Pipe {
  readonly from: net.Socket
  readonly #to: net.Socket
  readonly #settings: RelaySettings
  readonly #queue: { readonly dueAt: number; readonly bytes: Buffer | null }[] = []
  #queuedBytes = 0
  #lineFreeAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(from: net.Socket, to: net.Socket, settings: RelaySettings) {
    this.from = from
    this.#to = to
    this.#settings = settings
    from.on("data", (bytes) => this.#add(bytes as Buffer))
    from.on("end", () => this.#add(null))
    from.on("close", () => this.#add(null))
    to.on("drain", () => this.pump())
  }

  #add(bytes: Buffer | null): void {
    this.#queue.push({ dueAt: performance.now() + this.#settings.delayMs, bytes })
    this.#queuedBytes += bytes?.length ?? 0
    if (this.#queuedBytes > 4 * 1024 * 1024) this.from.pause()
    this.pump()
  }

  pump(): void {
    clearTimeout(this.#timer)
    while (!this.#settings.cut && !this.#to.writableNeedDrain) {
      const head = this.#queue[0]
      if (head === undefined) break
      const now = performance.now()
      const leavesAt = Math.max(head.dueAt, this.#lineFreeAt)
      if (leavesAt > now) {
        this.#timer = setTimeout(() => this.pump(), leavesAt - now)
        break
      }
      this.#queue.shift()
      if (head.bytes === null) {
        if (!this.#to.writableEnded) this.#to.end()
        continue
      }
      if (this.#settings.mbit !== null) this.#lineFreeAt = now + (head.bytes.length * 8) / (this.#settings.mbit * 1000)
      this.#queuedBytes -= head.bytes.length
      if (!this.#to.destroyed && !this.#to.writableEnded) this.#to.write(head.bytes)
      if (this.#queuedBytes < 1024 * 1024) this.from.resume()
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
  }
}
