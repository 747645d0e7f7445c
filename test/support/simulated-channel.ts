import { AGENT_PATHS } from "../../src/protocol/agent-paths.ts"
import type { ServerMessage } from "../../src/protocol/agent-wire.ts"
import type { ExaminationRequest } from "../../src/protocol/doctor-wire.ts"
import type { AttemptId, BlobHash, HostId } from "../../src/protocol/ids.ts"
import type { HostChannel, HostTunnel } from "../../src/server/hosts/host-channel.ts"
import { readPack } from "../../src/workspace/pack.ts"
import { saidEngines } from "./simulated-engines.ts"
import type { SimulatedHost } from "./simulated-host.ts"

/** The link to a simulated host. */
export class SimulatedChannel implements HostChannel {
  readonly hostId: HostId
  readonly #host: SimulatedHost

  constructor(host: SimulatedHost) {
    this.hostId = host.id
    this.#host = host
  }

  send(messages: readonly ServerMessage[]): void {
    for (const message of messages) this.#host.hear(this, message)
  }

  async putBlobs(pack: AsyncIterable<Uint8Array>): Promise<void> {
    await readPack(pack, this.#host.blobs)
  }

  putData(pack: AsyncIterable<Uint8Array>): Promise<void> {
    return this.putBlobs(pack)
  }

  /** Questions about itself are answered as the host is told to, and about a place: something lies at each but at those that say so. */
  async ask(asked: string, body: unknown): Promise<AsyncIterable<Uint8Array>> {
    if (asked === AGENT_PATHS.doctor) return this.#host.examine(body as ExaminationRequest)
    if (asked === AGENT_PATHS.engines) return saidEngines(this.#host)
    const { path = "" } = body as { readonly path?: string }
    const isThere = path !== "" && !path.includes("nothing")
    const look = { path, entries: 1, problem: isThere ? null : "there is no such folder", hint: null, writable: null }
    return (async function* () {
      yield Buffer.from(JSON.stringify(look))
    })()
  }
  async putUv(): Promise<void> {}

  fetchOutputs(
    _attempt: AttemptId,
    hashes: readonly BlobHash[],
    { signal }: { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array> {
    return this.#host.giveOutputs(hashes, signal)
  }

  openTerminal(): never {
    throw new TypeError("simulated hosts have no terminals")
  }

  openTunnel(path: string): Promise<HostTunnel> {
    return this.#host.openTunnel(path)
  }

  openBench(): never {
    throw new TypeError("simulated hosts measure nothing")
  }

  pauseOutput(): void {}
  resumeOutput(): void {}

  close(reason: string): void {
    this.#host.cut(reason)
  }
}
