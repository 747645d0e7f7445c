import { createServer, type Server, type Socket } from "node:net"
import { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"
import { carry } from "./carry.ts"
import { otherPortHint, type PortPair } from "./port-pair.ts"

/** A port of this machine, on loopback only, that leads to one of a job. Connections wait until it is known which job. */
export class LocalPort implements Disposable {
  /** Of the job. */
  readonly port: number
  readonly #cli: Cli
  readonly #wished: number
  readonly #abort = new AbortController()
  #server: Server | undefined
  #waiting: Socket[] = []
  #job: number | undefined
  #onFull: (error: WindfallError) => void = () => undefined

  /** Takes nothing yet: see {@link listen}. */
  constructor(cli: Cli, { port, local }: PortPair) {
    this.#cli = cli
    this.port = port
    this.#wished = local
  }

  /** @throws {WindfallError} invalid_input when the local port cannot be had */
  async listen(): Promise<void> {
    const local = this.#wished
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (connection) => {
      connection.setNoDelay(true)
      if (this.#job === undefined) this.#waiting.push(connection)
      else this.#carry(connection, this.#job)
    })
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(local, "127.0.0.1", () => resolve())
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new WindfallError("invalid_input", `Cannot listen on port ${local} of this machine: ${reasonOf(cause)}`, {
        hint: otherPortHint({ port: this.port, local }),
        cause,
      })
    })
    if (this.#abort.signal.aborted) server.close()
    else this.#server = server
  }

  /** Leaves the port to others; {@link listen} takes it again. */
  release(): void {
    this.#server?.close()
    this.#server = undefined
  }

  get isListening(): boolean {
    return this.#server !== undefined
  }

  /** Where it is on this machine. */
  get local(): number {
    const address = this.#server?.address()
    return typeof address === "object" && address !== null ? address.port : this.#wished
  }

  get url(): string {
    return `http://127.0.0.1:${this.local}`
  }

  /** @param onFull told of each connection that was one too many for the job, and was reset */
  leadTo(job: number, onFull: (error: WindfallError) => void): void {
    this.#job = job
    this.#onFull = onFull
    for (const connection of this.#waiting.splice(0)) this.#carry(connection, job)
  }

  /** Stops listening and breaks every connection. */
  [Symbol.dispose](): void {
    this.release()
    this.#abort.abort()
    for (const connection of this.#waiting.splice(0)) connection.destroy()
  }

  #carry(connection: Socket, job: number): void {
    void carry(this.#cli, connection, { job, port: this.port, signal: this.#abort.signal, onFull: this.#onFull })
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "something listens there already"
  return code === "EACCES" ? "it is reserved for the system" : message
}
