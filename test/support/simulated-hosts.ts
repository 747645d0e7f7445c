import type { HostFacts } from "../../src/protocol/host.ts"
import type { HostId } from "../../src/protocol/ids.ts"
import type { HostsContext, HostsService } from "../../src/server/hosts/host-channel.ts"
import type { HostRecord } from "../../src/store/host-record.ts"
import { HOST_FACTS, SimulatedHost } from "./simulated-host.ts"

/** Ways to simulated hosts. They connect by themselves when kept, unless told not to. */
export class SimulatedHosts implements HostsService {
  readonly all = new Map<HostId, SimulatedHost>()
  readonly #folder: string
  #context: HostsContext | undefined
  /** The facts of the host that is just being added. */
  #joining: HostFacts | undefined
  autoConnect = true

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Give this to startServer as `openHosts`. */
  readonly open = (context: HostsContext): HostsService => {
    this.#context = context
    return this
  }

  async publicLine(): Promise<string> {
    return "ssh-ed25519 AAAA windfall"
  }

  /** Adds a host to the running server, connected. */
  async join(name: string, facts: Partial<HostFacts> = {}): Promise<SimulatedHost> {
    this.#joining = { ...HOST_FACTS, ...facts }
    try {
      const { id } = await this.#context!.admit(
        { name, address: `sim@${name}`, port: null, owner: null, fleet: "default", labels: {}, hostKey: "" },
        "admin",
      )
      return this.all.get(id)!
    } finally {
      this.#joining = undefined
    }
  }

  keep(record: HostRecord): void {
    const { id } = record
    let host = this.all.get(id)
    if (host === undefined) {
      host = new SimulatedHost(id, () => this.#context!, `${this.#folder}/${id}`)
      this.all.set(id, host)
    }
    if (this.#joining !== undefined) host.facts = this.#joining
    if ((this.autoConnect || this.#joining !== undefined) && !host.connected) host.connect()
  }

  async release(id: HostId): Promise<void> {
    this.all.get(id)?.cut("released")
    this.all.delete(id)
  }

  async scan() {
    return { hostKey: "ssh-ed25519 AAAA", fingerprint: "SHA256:simulated" }
  }

  async *add() {}

  async rekey(): Promise<void> {}

  async stop(): Promise<void> {
    for (const host of this.all.values()) host.cut("the server stops")
  }
}
