import type { HostAddRequest, JoinStep } from "../../src/protocol/api.ts"
import type { HostFacts } from "../../src/protocol/host.ts"
import type { HostId } from "../../src/protocol/ids.ts"
import type {
  AddOptions,
  CleanedHost,
  HostsContext,
  HostsService,
  NewHost,
} from "../../src/server/hosts/host-channel.ts"
import type { WentAway } from "../../src/ssh/remote-host.ts"
import type { HostRecord } from "../../src/store/host-record.ts"
import { HOST_FACTS } from "./simulated-facts.ts"
import { SimulatedHost } from "./simulated-host.ts"

/** Ways to simulated hosts. They connect by themselves when kept, unless told not to. */
export class SimulatedHosts implements HostsService {
  readonly all = new Map<HostId, SimulatedHost>()
  readonly #folder: string
  #context: HostsContext | undefined
  /** The facts of the host that is just being added. */
  #joining: HostFacts | undefined
  autoConnect = true
  /** How often each was carried out. */
  scans = 0
  joins = 0
  rekeys = 0
  /** What a join waits for after its first step. */
  joinsWait: Promise<void> = Promise.resolve()

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
  async join(
    name: string,
    facts: Partial<HostFacts> = {},
    named: Partial<Pick<NewHost, "owner" | "consoleAccount" | "fleet">> = {},
  ): Promise<SimulatedHost> {
    this.#joining = { ...HOST_FACTS, ...facts }
    try {
      const { id } = await this.#context!.admit(
        { name, address: `sim@${name}`, port: null, hostKey: "", ...NEW_HOST, ...named },
        "admin",
        { admitted: () => {}, check: () => {} },
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

  hurry(): void {}

  async release(id: HostId): Promise<void> {
    this.all.get(id)?.cut("released")
    this.all.delete(id)
  }

  async clean({ id }: CleanedHost): Promise<readonly WentAway[]> {
    await this.release(id)
    return [{ what: "caches", bytes: 1024 }]
  }

  async scan() {
    return { hostKey: "ssh-ed25519 AAAA", fingerprint: `SHA256:simulated-${++this.scans}` }
  }

  async *add(request: HostAddRequest, options: AddOptions): AsyncGenerator<JoinStep> {
    const { actor, signal, admitted = () => {}, check = () => {} } = options
    this.joins++
    yield { step: "reach", state: "ok", text: `${request.address} answers` }
    await Promise.race([this.joinsWait, new Promise((resolve) => signal.addEventListener("abort", resolve))])
    if (signal.aborted) return
    const { address, port, owner, labels, hostKey, consoleAccount = null } = request
    const name = request.name ?? "host"
    const host = {
      name,
      address,
      port,
      owner,
      consoleAccount,
      labels,
      hostKey,
      fleet: request.fleet ?? "default",
      machine: null,
    }
    this.#joining = HOST_FACTS
    yield { step: "done", host: await this.#context!.admit(host, actor, { admitted, check }) }
    this.#joining = undefined
  }

  async rekey(): Promise<void> {
    this.rekeys++
  }

  async stop(): Promise<void> {
    for (const host of this.all.values()) host.cut("the server stops")
  }
}

const NEW_HOST = { owner: null, consoleAccount: null, fleet: "default", labels: {}, machine: null } as const
