import type { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { latestAttempt } from "../render/job-text.ts"
import { LocalPort } from "./local-port.ts"
import { lookAtPort } from "./open-tunnel.ts"
import type { PortPair } from "./port-pair.ts"
import { answersHere, hostsHere } from "./this-machine.ts"

/** What there is to tell of a port. */
export interface PortNews {
  /** Something of the job listens there. `isHere`: the job runs on this machine, whose port it is already. */
  readonly open: (port: LocalPort, isHere: boolean) => void
  /** Why nothing of the job is reached there yet; told again and again. */
  readonly waiting: (port: LocalPort, error: WindfallError) => void
  /** It could not be had here after all; the last word on this port. */
  readonly failed: (port: LocalPort, error: WindfallError) => void
  /** More connections than a job may have; told once. */
  readonly full: (port: LocalPort, error: WindfallError) => void
}

const RETRY_MS = 250

/** Several ports of this machine that lead to one job, until they are disposed of. */
export class ForwardedPorts implements Disposable {
  readonly all: readonly LocalPort[]
  readonly #cli: Cli
  readonly #here: ReadonlySet<string>
  readonly #abort = new AbortController()
  readonly #missing = new Set<LocalPort>()

  private constructor(cli: Cli, all: readonly LocalPort[], here: ReadonlySet<string>) {
    this.#cli = cli
    this.all = all
    this.#here = here
  }

  /**
   * Takes all local ports, or none. Where the job may run on this machine, one of the same number is left to the job: it is
   * taken once it is known that the job runs elsewhere.
   * @param pairs no two of one local port (`checkPairs`)
   * @param isSent the job is there already, and may listen
   * @throws {WindfallError} invalid_input
   */
  static async open(
    cli: Cli,
    pairs: readonly PortPair[],
    { isSent }: { readonly isSent: boolean },
  ): Promise<ForwardedPorts> {
    const here = pairs.some(isSame) ? await hostsHere(cli) : new Set<string>()
    using taken = new DisposableStack()
    const all: LocalPort[] = []
    for (const pair of pairs) {
      const port = taken.use(new LocalPort(cli, pair))
      all.push(port)
      const isLeft = here.size > 0 && isSame(pair)
      if (!isLeft || !isSent) await port.listen()
      if (isLeft) port.release()
    }
    taken.move()
    return new ForwardedPorts(cli, all, here)
  }

  /** Lets them lead to this job, and tells when something listens there; once for each port, never rejects. */
  leadTo(job: number, news: PortNews): void {
    let isFull = false
    const onFull = (port: LocalPort, error: WindfallError) => {
      if (!isFull) news.full(port, error)
      isFull = true
    }
    for (const port of this.all) {
      port.leadTo(job, (error) => onFull(port, error))
      this.#watch(port, job, news).catch(() => undefined)
    }
  }

  /** Those at which nothing of the job has listened so far, though it ran. */
  get missing(): readonly LocalPort[] {
    return [...this.#missing]
  }

  [Symbol.dispose](): void {
    this.#abort.abort()
    for (const port of this.all) port[Symbol.dispose]()
  }

  async #watch(port: LocalPort, job: number, news: PortNews): Promise<void> {
    const { signal } = this.#abort
    for (;;) {
      const error = await lookAtPort(this.#cli.login, job, port.port, signal)
      if (error === null) break
      if (isOfRunningJob(error)) this.#missing.add(port)
      news.waiting(port, error)
      await this.#cli.clock.sleep(RETRY_MS, { signal })
    }
    this.#missing.delete(port)
    if (port.isListening) return news.open(port, false)
    if (await this.#isHere(port, job)) return news.open(port, true)
    try {
      await port.listen()
    } catch (error) {
      return news.failed(port, error as WindfallError)
    }
    news.open(port, false)
  }

  async #isHere(port: LocalPort, job: number): Promise<boolean> {
    const { signal } = this.#abort
    const host = latestAttempt(await this.#cli.client.get<JobView>(`/v1/jobs/${job}`, { signal }))?.hostName
    return host !== undefined && this.#here.has(host) && (await answersHere(port.port))
  }
}

/** The host's own word: the job runs, and the port is not its. Of a job that does not run the server says how it stands. */
function isOfRunningJob({ code, details }: WindfallError): boolean {
  return code === "wrong_state" && details?.state === undefined
}

function isSame({ port, local }: PortPair): boolean {
  return port === local
}
