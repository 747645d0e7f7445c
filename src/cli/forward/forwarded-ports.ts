import type { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"
import { LocalPort } from "./local-port.ts"
import { lookAtPort } from "./open-tunnel.ts"
import type { PortPair } from "./port-pair.ts"

/** What there is to tell of a port. */
export interface PortNews {
  /** Something of the job listens there; or why not yet. */
  readonly open: (port: LocalPort) => void
  readonly waiting: (port: LocalPort, error: WindfallError) => void
}

const RETRY_MS = 250

/** Several ports of this machine that lead to one job, until they are disposed of. */
export class ForwardedPorts implements Disposable {
  readonly all: readonly LocalPort[]
  readonly #cli: Cli
  readonly #abort = new AbortController()

  private constructor(cli: Cli, all: readonly LocalPort[]) {
    this.#cli = cli
    this.all = all
  }

  /** Takes all local ports, or none. @throws {WindfallError} invalid_input */
  static async open(cli: Cli, pairs: readonly PortPair[]): Promise<ForwardedPorts> {
    using taken = new DisposableStack()
    const all: LocalPort[] = []
    for (const pair of pairs) all.push(taken.use(await LocalPort.open(cli, pair)))
    taken.move()
    return new ForwardedPorts(cli, all)
  }

  /** Lets them lead to this job, and tells when something listens there; once for each port, never rejects. */
  leadTo(job: number, news: PortNews): void {
    for (const port of this.all) {
      port.leadTo(job)
      this.#watch(port, job, news).catch(() => undefined)
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort()
    for (const port of this.all) port[Symbol.dispose]()
  }

  async #watch(port: LocalPort, job: number, news: PortNews): Promise<void> {
    const { signal } = this.#abort
    for (;;) {
      const error = await lookAtPort(this.#cli.login, job, port.port, signal)
      if (error === null) return news.open(port)
      news.waiting(port, error)
      await this.#cli.clock.sleep(RETRY_MS, { signal })
    }
  }
}
