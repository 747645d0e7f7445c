import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { systemClock } from "../../src/base/clock.ts"
import type { AgentMessage, ServerMessage } from "../../src/protocol/agent-wire.ts"
import type { HostAddRequest, JoinStep } from "../../src/protocol/api.ts"
import { type ErrorBody, WindfallError } from "../../src/protocol/errors.ts"
import type { OutputFrame } from "../../src/protocol/frames.ts"
import type { HostLink, HostView } from "../../src/protocol/host.ts"
import { type HostId, makeId, type RunId, type ServerId } from "../../src/protocol/ids.ts"
import { NO_LEVER } from "../../src/protocol/owner.ts"
import { bundleAgent } from "../../src/server/hosts/agent-bundle.ts"
import type { Hello, HostChannel, HostsService, NewHost } from "../../src/server/hosts/host-channel.ts"
import { LINK_TIMING } from "../../src/server/hosts/host-link.ts"
import { type HostsSettings, openHostsWith } from "../../src/server/hosts/open-hosts.ts"
import { type PayloadSource, packagedPayloads } from "../../src/ssh/payload.ts"
import { type HostRecord, NO_LEFTOVERS, NO_NETWORK } from "../../src/store/host-record.ts"
import { LAB_CACHE, type Lab, type LabHost } from "../lab/lab.ts"
import { macPayloads } from "../lab/mac/mac-agent.ts"

const ROOT = join(import.meta.dirname, "../..")
export const SERVER = makeId<ServerId>("s", Buffer.from("bench-server-000"))

/** Everything the ways to hosts said, in order. */
export type Told =
  | { readonly told: "open"; readonly channel: HostChannel; readonly hello: Hello }
  | { readonly told: "messages"; readonly messages: readonly AgentMessage[] }
  | { readonly told: "output"; readonly output: OutputFrame }
  | { readonly told: "left" }
  | { readonly told: "closed"; readonly reason: string }
  | { readonly told: "link"; readonly link: HostLink; readonly reason: string | null }

/** Stands where the server's core stands: keeps the hosts in memory and answers each hello with `ready`. */
export class HostsBench implements AsyncDisposable {
  readonly hosts: HostsService
  readonly records: HostRecord[] = []
  readonly told: Told[] = []
  readonly notices: string[] = []
  readonly folder: string
  #wake: (() => void)[] = []

  constructor(lab: Lab, settings: Partial<HostsSettings> = {}, { server = SERVER, withoutKey = false } = {}) {
    const folder = join(lab.folder, `server-${server}`)
    this.folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // The lab's hosts let its key in, so the server gets that one for its own.
    for (const end of withoutKey ? [] : ["", ".pub"]) {
      if (!existsSync(join(folder, `id_ed25519${end}`)))
        copyFileSync(`${lab.identityFile}${end}`, join(folder, `id_ed25519${end}`))
    }
    this.hosts = openHostsWith({
      sshConfigFile: "/dev/null",
      connectTimeoutMs: 3_000,
      timing: { ...LINK_TIMING, pingMs: 300, silenceMs: 600, lastRetryMs: 500, refusedRetryMs: 500 },
      payloads: labPayloads(),
      ...settings,
    })({
      server,
      instance: {
        run: makeId<RunId>("r", randomBytes(16)),
        place: "0".repeat(32),
        where: "bench:/",
        proof: "0".repeat(64),
      },
      isProved: () => false,
      moved: false,
      folder,
      cacheFolder: LAB_CACHE,
      clock: systemClock(),
      random: () => 0.5,
      events: {
        onOpen: (channel, hello) => {
          channel.send([{ type: "ready", server, now: Date.now() }])
          this.#tell({ told: "open", channel, hello })
        },
        onMessages: (_channel, messages) => this.#tell({ told: "messages", messages }),
        onOutput: (_channel, output) => this.#tell({ told: "output", output }),
        onClosed: (_channel, reason) => this.#tell({ told: "closed", reason }),
        onLeft: () => this.#tell({ told: "left" }),
        onLink: (_host, link, reason) => this.#tell({ told: "link", link, reason }),
      },
      hosts: () => this.records,
      beginJoin: () => ({ [Symbol.dispose]: () => {} }),
      checkName: (name) => {
        if (this.records.some((host) => host.name === name)) {
          throw new WindfallError("name_taken", `Cannot name a host ${name}: there is one`)
        }
      },
      admit: async (host) => this.#admit(host),
      cleared: () => {},
      notice: (message) => void this.notices.push(message),
    })
  }

  /** Joins and returns all steps. */
  async join(request: HostAddRequest, signal = new AbortController().signal): Promise<JoinStep[]> {
    const steps: JoinStep[] = []
    for await (const step of this.hosts.add(request, { actor: "tester", signal })) steps.push(step)
    return steps
  }

  /** Resolves with the first thing told from `from` on that fits. */
  async until<T extends Told["told"]>(
    told: T,
    fits: (what: Extract<Told, { told: T }>) => boolean = () => true,
    from = 0,
  ): Promise<Extract<Told, { told: T }>> {
    while (true) {
      const found = this.told.slice(from).find((what) => what.told === told && fits(what as Extract<Told, { told: T }>))
      if (found !== undefined) return found as Extract<Told, { told: T }>
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  async ready(from = 0): Promise<void> {
    await this.until("link", ({ link }) => link === "ready", from)
  }

  send(messages: readonly ServerMessage[]): void {
    const open = this.told.findLast((what) => what.told === "open")
    if (open?.told === "open") open.channel.send(messages)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts.stop()
  }

  #tell(what: Told): void {
    this.told.push(what)
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }

  #admit(host: NewHost): HostView {
    const id = makeId<HostId>("h", Buffer.from(`host-${this.records.length}-${host.name}`.padEnd(16, "_")))
    const record = {
      ...host,
      id,
      draining: false,
      createdAt: 0,
      facts: null,
      nextSequence: 1,
      leftovers: NO_LEFTOVERS,
      leaving: null,
      diskLimitBytes: null,
      lever: NO_LEVER,
      weekToldAt: null,
      network: NO_NETWORK,
    }
    this.records.push(record)
    this.hosts.keep(record)
    const state = {
      leaving: null,
      link: "connecting",
      reason: null,
      since: 0,
      withheld: null,
      strays: [],
      disk: null,
      presence: null,
      obstacles: [],
      preset: "default",
      policy: [],
      vitals: null,
      measures: [],
      wake: { isOn: false, hardware: null, problem: null },
    } as const
    return {
      ...record,
      ...state,
      network: null,
      total: NOTHING,
      free: NOTHING,
      freeNowBytes: null,
      jobs: [],
      takesYours: true,
    }
  }
}

const NOTHING = { memoryBytes: 0, cores: 0, gpus: 0 }

/** The real payloads of this machine, for simulated Macs, too. */
export function labPayloads(): PayloadSource {
  const shelf = { packageRoot: ROOT, cacheFolder: LAB_CACHE }
  const source = packagedPayloads({ shelf, bundleAgent: (signal) => bundleAgent(ROOT, LAB_CACHE, signal) })
  return macPayloads(source, LAB_CACHE)
}

/** What `host add` asks for a lab host, its key confirmed. */
export function addRequest(host: LabHost, change: Partial<HostAddRequest> = {}): HostAddRequest {
  return {
    address: `${host.user}@${host.address}`,
    port: host.port,
    name: host.name,
    owner: null,
    fleet: null,
    labels: {},
    hostKey: host.hostKey,
    takeOver: false,
    ...change,
  }
}

/** The error a join ended with. */
export function failure(steps: readonly JoinStep[]): ErrorBody["error"] {
  const last = steps.at(-1)
  if (last?.step !== "failed") assert.fail(`the join did not fail: ${JSON.stringify(last)}`)
  return last.error
}

/** Resolves once nothing runs on a host; its processes end a moment after their ssh, and nobody tells. */
export async function emptied(host: LabHost): Promise<void> {
  while (host.processes().length > 0) await delay(20, undefined, { signal: AbortSignal.timeout(30_000) })
}
