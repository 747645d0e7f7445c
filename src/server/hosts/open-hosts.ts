import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { HostAddRequest, HostScan, HostScanRequest, JoinStep } from "../../protocol/api.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"
import { keyLine } from "../../protocol/key-line.ts"
import { fingerprintOf, lookUpHostKey } from "../../ssh/host-key.ts"
import { type HostShell, localShell, sshShell } from "../../ssh/host-shell.ts"
import { type PayloadSource, packagedPayloads } from "../../ssh/payload.ts"
import { type PythonIndex, pythonIndex } from "../../ssh/python-index.ts"
import type { WentAway } from "../../ssh/remote-host.ts"
import { openServerKey, type ServerKey } from "../../ssh/server-key.ts"
import { checkHostKey } from "../../ssh/ssh-arguments.ts"
import type { SshCaller } from "../../ssh/ssh-failure.ts"
import type { SshSettings } from "../../ssh/ssh-settings.ts"
import { UvShelf } from "../../ssh/uv-shelf.ts"
import type { HostRecord } from "../../store/host-record.ts"
import { bundleAgent } from "./agent-bundle.ts"
import { checkNew, checkNewMachine, checkRequest } from "./check-request.ts"
import { Dial } from "./dial.ts"
import { DialGate } from "./dial-gate.ts"
import type { AddOptions, CleanedHost, HostsContext, HostsService, OpenHosts } from "./host-channel.ts"
import { KeptLink, LINK_TIMING, type LinkTiming } from "./host-link.ts"
import { freeName, LOCAL, nameFromAddress } from "./host-name.ts"
import { joinHost } from "./join-host.ts"
import { Standing } from "./standing.ts"

/** What tests and the lab set otherwise. */
export interface HostsSettings {
  /** Windfall's folder on hosts, below the home folder or absolute. */
  readonly root: string
  /** ssh's configuration file; `null`: the account's own. */
  readonly sshConfigFile: string | null
  readonly connectTimeoutMs: number
  readonly timing: LinkTiming
  /** Where agents and Node come from; `null`: npm packages, and an agent bundled from these sources. */
  readonly payloads: PayloadSource | null
  /** Where uv for hosts comes from. */
  readonly pythonIndex: PythonIndex
  /** More for each agent's command line. */
  readonly agentArguments: (host: { readonly address: string; readonly port: number | null }) => readonly string[]
}

const SETTINGS: HostsSettings = {
  root: ".windfall",
  sshConfigFile: null,
  connectTimeoutMs: 15_000,
  timing: LINK_TIMING,
  payloads: null,
  pythonIndex: pythonIndex({}),
  agentArguments: () => [],
}

const PACKAGE_ROOT = join(import.meta.dirname, "../../..")
/** Programs started for dials at the same moment. */
const DIALS_AT_ONCE = 6
const UNCLAIM_MS = 15_000

/** The ways to hosts of a server: over ssh, or `local:ROOT` without; with settings of its own. */
export function openHostsWith(settings: Partial<HostsSettings>): OpenHosts {
  return (context) => new Hosts(context, { ...SETTINGS, ...settings })
}

interface Kept {
  readonly record: HostRecord
  readonly dial: Dial
  readonly link: KeptLink
}

class Hosts implements HostsService {
  readonly #context: HostsContext
  readonly #settings: HostsSettings
  readonly #payloads: PayloadSource
  readonly #gate = new DialGate(DIALS_AT_ONCE)
  readonly #standing: Standing
  readonly #uv: UvShelf
  readonly #kept = new Map<HostId, Kept>()
  readonly #ending = new Set<Promise<void>>()
  readonly #caller: SshCaller = {
    platform: process.platform,
    app: `the app that started this server (or ${process.execPath})`,
  }
  #key: Promise<ServerKey> | undefined

  constructor(context: HostsContext, settings: HostsSettings) {
    this.#context = context
    this.#settings = settings
    this.#standing = new Standing({
      askFirst: context.moved ? context.hosts().map(({ id }) => id) : [],
      isElsewhere: (said) => said.place !== context.instance.place && context.isProved(said),
      onCleared: () => context.moved && context.cleared(),
      onAside: () => this.#standAside(),
    })
    mkdirSync(this.#knownHostsFolder, { recursive: true, mode: 0o700 })
    this.#uv = new UvShelf(context.cacheFolder, settings.pythonIndex)
    this.#payloads =
      settings.payloads ??
      packagedPayloads({
        shelf: { packageRoot: PACKAGE_ROOT, cacheFolder: context.cacheFolder },
        bundleAgent: (signal) => bundleAgent(PACKAGE_ROOT, context.cacheFolder, signal),
      })
    // Made at the first start, so that there is a line to give to hosts before the first of them is added.
    this.#serverKey().catch((error: Error) => context.notice(error.message, null))
  }

  async publicLine(): Promise<string> {
    return keyLine((await this.#serverKey()).publicLine, this.#context.server)
  }

  keep(record: HostRecord): void {
    const before = this.#kept.get(record.id)
    if (before !== undefined) {
      if (sameWay(before.record, record)) return
    }
    const { server, clock, random, events } = this.#context
    if (this.#standing.aside !== undefined) {
      events.onLink(record.id, "refused", this.#asideReason())
      return
    }
    const dial = this.#dial(record, record.name)
    const link = new KeptLink({
      hostId: record.id,
      server,
      dial,
      gate: this.#gate,
      standing: this.#standing,
      after: before === undefined ? Promise.resolve() : this.#end(before.link.stop()),
      clock,
      random,
      events,
      timing: this.#settings.timing,
      mayBeAsleep: () => this.#context.hosts().find(({ id }) => id === record.id)?.facts?.platform === "darwin",
    })
    this.#kept.set(record.id, { record, dial, link })
  }

  hurry(host: HostId): void {
    this.#kept.get(host)?.link.hurry()
  }

  async release(host: HostId, { unclaim }: { readonly unclaim: boolean }): Promise<void> {
    const kept = this.#kept.get(host)
    if (kept === undefined) return
    this.#kept.delete(host)
    await this.#end(kept.link.stop())
    this.#standing.heardOf(host)
    if (!unclaim || this.#standing.aside !== undefined) return
    const signal = AbortSignal.timeout(UNCLAIM_MS)
    await kept.dial.remote
      .remove([`servers/${this.#context.server}`], { unclaim: true, signal })
      .catch((error: Error) => this.#context.notice(`The claim on ${kept.record.name} stays: ${error.message}`, host))
  }

  async clean(record: CleanedHost, signal: AbortSignal): Promise<readonly WentAway[]> {
    await this.release(record.id, { unclaim: false })
    if (this.#standing.aside !== undefined) {
      throw new WindfallError("server_doubled", `Cannot clean ${record.name}: ${this.#asideReason()}`)
    }
    const publicLine = record.address.startsWith(LOCAL) ? null : await this.publicLine()
    return (await this.#dial(record).remote.leave(publicLine, signal)) ?? []
  }

  async scan(
    { address, port, name = null }: HostScanRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<HostScan> {
    if (name !== null) this.#context.checkName(name)
    const hostKey = await lookUpHostKey(await this.#ssh(), { address, port }, this.#caller, signal)
    return { hostKey, fingerprint: fingerprintOf(hostKey) }
  }

  async *add(request: HostAddRequest, options: AddOptions): AsyncGenerator<JoinStep> {
    const { actor, signal, admitted = () => {}, check = () => {}, begun = false } = options
    try {
      const name = request.name ?? nameFromAddress(request.address)
      checkRequest(this.#context, request, name)
      if (this.#standing.aside !== undefined) {
        throw new WindfallError("server_doubled", `Cannot add ${request.address}: ${this.#asideReason()}`)
      }
      // This very machine needs no ssh, and may have none.
      const isLocal = request.address.startsWith(LOCAL)
      const { address, hostKey } = request
      using _ = begun ? null : this.#context.beginJoin(isLocal ? address : hostKey, address)
      const publicLine = isLocal ? "" : await this.publicLine()
      const settings = this.#sshSettings()
      yield* joinHost({
        request,
        server: this.#context.server,
        dial: this.#dial(request),
        lookUpKey: isLocal ? null : (joining) => lookUpHostKey(settings, request, this.#caller, joining),
        checkKey: (hostKey) => checkNew(this.#context, (host) => host.hostKey === hostKey, request.address),
        admit: async (hello) => {
          const { facts, machine = null } = hello
          if (!isLocal) checkNewMachine(this.#context, hello, request.address)
          const named = { ...request, machine, name: name ?? this.#freeName(facts.hostname, request.address) }
          const { fleet, consoleAccount = null } = request
          const whole = { ...named, consoleAccount, fleet: fleet ?? "default" }
          return this.#context.admit(whole, actor, { admitted, check })
        },
        publicLine,
        signal,
      })
    } catch (thrown) {
      yield { step: "failed", error: toWindfallError(thrown, `join ${request.address}`).toBody().error }
    }
  }

  async rekey(host: HostRecord, hostKey: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    checkHostKey(hostKey)
    const found = await lookUpHostKey(await this.#ssh(), host, this.#caller, signal)
    if (found === hostKey) return
    throw new WindfallError(
      "host_key_unconfirmed",
      `Cannot pin this key for ${host.name}: it shows ${fingerprintOf(found)}`,
      {
        hint: "Compare the fingerprint with the one shown on the machine itself, then confirm that one",
        details: { hostKey: found, fingerprint: fingerprintOf(found) },
      },
    )
  }

  async stop(): Promise<void> {
    for (const { link } of this.#kept.values()) void this.#end(link.stop())
    this.#kept.clear()
    await Promise.all(this.#ending)
    await this.#key?.catch(() => {})
  }

  #freeName(hostname: string, address: string): string {
    const taken = new Set(this.#context.hosts().map(({ name }) => name))
    return freeName(hostname, address, taken)
  }

  /** @param name what the host is called; absent while it joins */
  #dial({ address, port, hostKey }: Pick<HostRecord, "address" | "port" | "hostKey">, name?: string): Dial {
    const isLocal = address.startsWith(LOCAL)
    const shell: HostShell = isLocal
      ? localShell()
      : sshShell(
          this.#sshSettings(),
          { address, port, hostKey },
          name === undefined ? this.#caller : { ...this.#caller, host: name },
          this.#context.server,
        )
    const root = isLocal ? address.slice(LOCAL.length) : this.#settings.root
    const more = this.#settings.agentArguments({ address, port })
    const { server, instance } = this.#context
    const options = { shell, server, instance, root, joined: name !== undefined, agentArguments: more }
    return new Dial(options, this.#payloads, this.#uv)
  }

  #serverKey(): Promise<ServerKey> {
    this.#key ??= openServerKey(this.#context.folder, `windfall-${this.#context.server.slice(0, 8)}`)
    return this.#key
  }

  /** Settings for ssh once there is a key to offer. */
  async #ssh(): Promise<SshSettings> {
    await this.#serverKey()
    return this.#sshSettings()
  }

  #sshSettings(): SshSettings {
    return {
      program: "ssh",
      identityFile: join(this.#context.folder, "id_ed25519"),
      configFile: this.#settings.sshConfigFile,
      knownHostsFolder: this.#knownHostsFolder,
      connectTimeoutMs: this.#settings.connectTimeoutMs,
    }
  }

  get #knownHostsFolder(): string {
    return join(this.#context.folder, "known_hosts.d")
  }

  /** Lets all hosts be: another process with a copy of this server's data has one of them. */
  #standAside(): void {
    const reason = this.#asideReason()
    const { message } = this.#standing.aside ?? {}
    this.#context.notice(`Cannot use any host, so no job starts: ${reason} (${message})`, null)
    for (const [id, { link }] of this.#kept) {
      void this.#end(link.cut(reason)).then(() => this.#context.events.onLink(id, "refused", reason))
    }
  }

  #asideReason(): string {
    return `this server stands aside: the same data is in use at ${this.#standing.aside?.details?.where}`
  }

  #end(ended: Promise<void>): Promise<void> {
    this.#ending.add(ended)
    void ended.finally(() => this.#ending.delete(ended))
    return ended
  }
}

function sameWay(a: HostRecord, b: HostRecord): boolean {
  return a.address === b.address && a.port === b.port && a.hostKey === b.hostKey
}
