import { createServer, type Server, type Socket } from "node:net"
import type { TerminalAttach, TerminalExit, TerminalFrame } from "../protocol/terminal.ts"
import { TERMINAL_WINDOW_BYTES } from "../protocol/terminal.ts"
import { Pty } from "./pty.ts"
import { TerminalClient } from "./terminal-client.ts"
import { TerminalRing } from "./terminal-ring.ts"
import { usableTerm } from "./terminfo.ts"

export const RING_BYTES = 4 * 1024 * 1024
/** What a client sees of the past that has shown nothing yet. */
const FIRST_LOOK_BYTES = 64 * 1024
/** Clients whose input is still counted, the latest ones. */
const KNOWN_CLIENTS = 64
/** Programs that draw a whole screen draw it anew when the size changes, and need a moment to see that it did. */
const REDRAW_MS = 50
/** How long the last output may take to an attached client before the end is not held up any more: the log has it. */
const FAREWELL_MS = 1000

export interface TerminalHostOptions {
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The size to start with at once; `null`: start with the size and TERM of the first client, when it attaches. */
  readonly size: { readonly columns: number; readonly rows: number } | null
  /** Called with all output, in order. */
  readonly record: (bytes: Uint8Array) => void
  /** Ends a terminal nobody is attached to, after this long, and keeps its end so long for who is away; `null`: neither. */
  readonly abandonMs: number | null
  readonly ringBytes?: number
}

/**
 * Owns one terminal and its program, whoever comes and goes at the other end: keeps the last output, sends it from where a
 * client stopped, counts each client's input so that none is typed twice, and holds the program back while an attached
 * client is more than a window behind.
 */
export class TerminalHost {
  readonly #options: TerminalHostOptions
  readonly #ring: TerminalRing
  readonly #server: Server
  /** Input taken so far, by client, the latest attached last. */
  readonly #input = new Map<string, number>()
  readonly #ended = Promise.withResolvers<TerminalExit>()
  #pty: Pty | undefined
  #size: { readonly columns: number; readonly rows: number }
  #client: { readonly id: string; readonly line: TerminalClient; readonly socket: Socket } | undefined
  #abandon: NodeJS.Timeout | undefined
  #exit: TerminalExit | undefined

  constructor(options: TerminalHostOptions) {
    this.#options = options
    this.#ring = new TerminalRing(options.ringBytes ?? RING_BYTES)
    this.#size = options.size ?? { columns: 80, rows: 24 }
    this.#server = createServer((socket) => this.#connected(socket))
    if (options.size !== null) this.#start({})
    this.#waitForClient()
  }

  /** Resolves when the program ended and its last output is on its way; nothing listens any more then. */
  get ended(): Promise<TerminalExit> {
    return this.#ended.promise
  }

  /** The program's process, which leads the terminal's session, once it was started. */
  get program(): { readonly pid: number; readonly tty: string } | undefined {
    return this.#pty
  }

  /** Listens for clients on a Unix socket. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen(path, resolve)
    })
  }

  /** Signals the program in the terminal. One that never started, or has ended, is waited for no longer. */
  signal(name: NodeJS.Signals): void {
    if (this.#exit !== undefined) this.#close()
    else if (this.#pty === undefined) this.#finish({ exitCode: null, signal: 1 })
    else this.#pty.signal(name)
  }

  #start(env: Readonly<Record<string, string>>): void {
    const { command, cwd } = this.#options
    this.#pty = new Pty(
      { command, cwd, env: { ...this.#options.env, ...env }, ...this.#size },
      {
        onOutput: (bytes) => {
          this.#options.record(bytes)
          this.#ring.write(bytes)
          this.#client?.line.pump()
          this.#holdBack()
        },
        onExit: (exit) => this.#finish(exit),
      },
    )
  }

  #connected(socket: Socket): void {
    let id: string | undefined
    const line = new TerminalClient(socket, this.#ring, (frame) => {
      if (frame.kind === "attach" && id === undefined) {
        id = frame.client
        this.#attach(frame, line, socket)
      } else if (id !== undefined && this.#client?.line === line) this.#take(frame, id, line)
    })
    socket.on("close", () => {
      if (this.#client?.line !== line || this.#exit !== undefined) return
      this.#client = undefined
      this.#holdBack()
      this.#waitForClient()
    })
  }

  #attach(frame: TerminalAttach, line: TerminalClient, socket: Socket): void {
    const before = this.#client
    this.#client = { id: frame.client, line, socket }
    clearTimeout(this.#abandon)
    if (before !== undefined) {
      // The same client comes back before its old line is known to be dead: nobody reads that one any more.
      if (before.id === frame.client) before.line.destroy()
      else before.line.fail("wrong_state", "Cannot keep this terminal: it was attached from somewhere else")
    }
    const known = this.#input.get(frame.client)
    const isNewcomer = known === undefined && this.#input.size > 0
    this.#input.delete(frame.client)
    this.#input.set(frame.client, known ?? 0)
    for (const oldest of this.#input.keys()) {
      if (this.#input.size <= KNOWN_CLIENTS) break
      this.#input.delete(oldest)
    }
    const from = frame.from === null || frame.from > this.#ring.end ? this.#firstLook() : frame.from
    if (this.#pty === undefined) {
      this.#size = { columns: frame.columns, rows: frame.rows }
      if (this.#exit === undefined) this.#start({ TERM: usableTerm(frame.term, this.#options.env.HOME) })
    } else this.#resize(frame, isNewcomer)
    line.attach(Math.max(from, this.#ring.start), known ?? null)
    this.#sayFarewell()
    this.#holdBack()
  }

  #take(frame: TerminalFrame, client: string, line: TerminalClient): void {
    switch (frame.kind) {
      case "input":
        this.#type(frame.offset, frame.bytes, client, line)
        break
      case "resize":
        this.#resize(frame, false)
        break
      case "shown":
        line.shown(frame.offset)
        this.#holdBack()
        break
      case "hangup":
        this.signal("SIGHUP")
        break
      default:
        line.fail("invalid_input", `Cannot use a second ${frame.kind} frame`)
    }
  }

  #type(offset: number, bytes: Uint8Array, client: string, line: TerminalClient): void {
    const taken = this.#input.get(client) ?? 0
    if (offset > taken) {
      line.fail("invalid_input", `Cannot type: bytes ${taken} to ${offset} never came`)
      return
    }
    const fresh = bytes.subarray(taken - offset)
    const end = taken + fresh.length
    this.#input.set(client, end)
    if (fresh.length === 0) {
      line.send({ kind: "taken", offset: end })
      return
    }
    line.inputWaits(fresh.length)
    this.#pty?.write(fresh, () => {
      line.inputWaits(-fresh.length)
      line.send({ kind: "taken", offset: end })
    })
  }

  #resize(size: { readonly columns: number; readonly rows: number }, redraw: boolean): void {
    const same = size.columns === this.#size.columns && size.rows === this.#size.rows
    this.#size = { columns: size.columns, rows: size.rows }
    if (!same) this.#pty?.resize(size.columns, size.rows)
    if (!same || !redraw || size.rows < 2) return
    this.#pty?.resize(size.columns, size.rows - 1)
    setTimeout(() => this.#pty?.resize(this.#size.columns, this.#size.rows), REDRAW_MS).unref()
  }

  /** A program is held back only by a client that is there: left alone it runs on, as without a terminal. */
  #holdBack(): void {
    const behind = this.#client?.line.behindBytes ?? 0
    if (behind >= TERMINAL_WINDOW_BYTES) this.#pty?.pause()
    else if (behind <= TERMINAL_WINDOW_BYTES / 2) this.#pty?.resume()
  }

  #firstLook(): number {
    const from = Math.max(this.#ring.start, this.#ring.end - FIRST_LOOK_BYTES)
    if (from === 0) return 0
    const newline = this.#ring.read(from, FIRST_LOOK_BYTES).indexOf(10)
    return newline === -1 ? from : from + newline + 1
  }

  #waitForClient(): void {
    const { abandonMs } = this.#options
    if (abandonMs === null) return
    this.#abandon = setTimeout(() => this.signal("SIGHUP"), abandonMs)
  }

  /** An attached client hears the last words; one that is away may come for them where being abandoned has its limit. */
  #finish(exit: TerminalExit): void {
    if (this.#exit !== undefined) return
    this.#exit = exit
    if (this.#client !== undefined) this.#sayFarewell()
    else if (this.#options.abandonMs === null || this.#pty === undefined) this.#close()
  }

  #sayFarewell(): void {
    if (this.#exit === undefined || this.#client === undefined) return
    this.#client.line.finish(this.#exit)
    const limit = setTimeout(() => this.#close(), FAREWELL_MS)
    this.#client.socket.once("close", () => {
      clearTimeout(limit)
      this.#close()
    })
  }

  #close(): void {
    clearTimeout(this.#abandon)
    this.#client?.line.destroy()
    this.#server.close()
    if (this.#exit !== undefined) this.#ended.resolve(this.#exit)
  }
}
