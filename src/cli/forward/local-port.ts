import { createServer, type Server, type Socket } from "node:net"
import { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"
import { carry } from "./carry.ts"
import type { PortPair } from "./port-pair.ts"

/** A port of this machine, on loopback only, that leads to one of a job. Connections wait until it is known which job. */
export class LocalPort implements Disposable {
  /** Of the job. */
  readonly port: number
  readonly #cli: Cli
  readonly #server: Server
  readonly #abort = new AbortController()
  #waiting: Socket[] = []
  #job: number | undefined

  private constructor(cli: Cli, port: number, server: Server) {
    this.#cli = cli
    this.port = port
    this.#server = server
    server.on("connection", (connection) => {
      connection.setNoDelay(true)
      if (this.#job === undefined) this.#waiting.push(connection)
      else this.#carry(connection, this.#job)
    })
  }

  /** @throws {WindfallError} invalid_input when the local port cannot be had */
  static async open(cli: Cli, { port, local }: PortPair): Promise<LocalPort> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(local, "127.0.0.1", () => resolve())
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new WindfallError("invalid_input", `Cannot listen on port ${local} of this machine: ${reasonOf(cause)}`, {
        hint: `Choose another one, as ${port}:${local < 60_000 ? local + 1 : 8080}, or let one be found: ${port}:0`,
        cause,
      })
    })
    return new LocalPort(cli, port, server)
  }

  /** Where it is on this machine. */
  get local(): number {
    const address = this.#server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.local}`
  }

  leadTo(job: number): void {
    this.#job = job
    for (const connection of this.#waiting.splice(0)) this.#carry(connection, job)
  }

  /** Stops listening and breaks every connection. */
  [Symbol.dispose](): void {
    this.#server.close()
    this.#abort.abort()
    for (const connection of this.#waiting.splice(0)) connection.destroy()
  }

  #carry(connection: Socket, job: number): void {
    void carry(this.#cli, connection, job, this.port, this.#abort.signal)
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "something listens there already"
  return code === "EACCES" ? "it is reserved for the system" : message
}
