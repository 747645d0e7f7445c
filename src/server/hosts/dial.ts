import { SharedTask } from "../../base/shared-task.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { ChildLink } from "../../ssh/child-link.ts"
import type { HostPlatform, Payload, PayloadFile, PayloadSource } from "../../ssh/payload.ts"
import { RemoteHost, type RemoteHostOptions } from "../../ssh/remote-host.ts"
import { checkSystem } from "../../ssh/system-check.ts"
import type { UvShelf } from "../../ssh/uv-shelf.ts"

/** How far a dial has come, for who watches. */
export interface DialProgress {
  /** Told of the files that are sent: all bytes of them, and those that are there. */
  onSending?(sentBytes: number, allBytes: number): void
  /** Everything is there; the agent is being started. */
  onComplete?(): void
  /** Each file that comes to be there, before it is sent: a join that fails takes it back. */
  onFile?(path: string): void
}

export interface DialOptions extends DialProgress {
  readonly signal: AbortSignal
  readonly takeOver?: boolean
}

/** One way to one host: sends what is missing there and starts the agent. */
export class Dial {
  readonly remote: RemoteHost
  readonly #payloads: PayloadSource
  readonly #uv: UvShelf
  readonly #uvThere = new SharedTask((signal) => this.#putUv(signal))
  /** Known after the first look; a host does not change it. */
  #platform: HostPlatform | undefined

  constructor(remote: RemoteHostOptions, payloads: PayloadSource, uv: UvShelf) {
    this.remote = new RemoteHost(remote)
    this.#payloads = payloads
    this.#uv = uv
  }

  /** Looks at the machine and decides whether it can be a host. @throws {WindfallError} host_refused and ssh's failures */
  async check(signal: AbortSignal): Promise<{ readonly text: string; readonly facts: ReadonlyMap<string, string> }> {
    const facts = await this.remote.probe(signal)
    const { platform, text } = checkSystem(facts)
    this.#platform = platform
    return { text, facts }
  }

  /**
   * Starts an agent there and returns the link to it. What is missing or damaged on the host is sent first; an agent
   * that does not start at all is given a second try after a look at every byte.
   * @throws {WindfallError} see {@link RemoteHost.startAgent}
   */
  async open(options: DialOptions): Promise<ChildLink> {
    if (this.#platform === undefined) await this.check(options.signal)
    const payload = await this.#payloads(this.#platform as HostPlatform, options.signal)
    try {
      return await this.#start(payload, options, false)
    } catch (error) {
      if (!(error instanceof WindfallError) || error.details?.agentStarted !== false) throw error
      return await this.#start(payload, options, true)
    }
  }

  /** Sends uv, in a session of its own: what runs over the link is not held up. Goes on where an earlier try broke off. */
  putUv(signal: AbortSignal): Promise<void> {
    // Ten jobs that start at once ask for one and the same.
    return this.#uvThere.run(signal)
  }

  async #putUv(signal: AbortSignal): Promise<void> {
    if (this.#platform === undefined) await this.check(signal)
    await this.remote.send(await this.#uv.get(this.#platform as HostPlatform, signal), signal)
  }

  async #start(payload: Payload, options: DialOptions, thorough: boolean): Promise<ChildLink> {
    const { signal, takeOver = false } = options
    for (let tries = 0; ; tries++) {
      if (tries === 0) options.onComplete?.()
      const started = await this.remote.startAgent(payload, { signal, thorough, takeOver, onPlaced: options.onFile })
      if (!Array.isArray(started)) return started
      if (tries === 2) {
        throw new WindfallError(
          "corrupt_data",
          `Cannot prepare ${this.remote.address}: ${started[0]} does not stay there`,
        )
      }
      await this.#send(payload, started, options)
    }
  }

  async #send(payload: Payload, missing: readonly string[], options: DialOptions): Promise<void> {
    const files: PayloadFile[] = [payload.node, ...payload.agent].filter((file) => missing.includes(file.path))
    const all = files.reduce((sum, file) => sum + file.bytes, 0)
    let done = 0
    for (const file of files) {
      options.onFile?.(file.path)
      await this.remote.send(file, options.signal, (bytes) => options.onSending?.(done + bytes, all))
      done += file.bytes
    }
  }
}
