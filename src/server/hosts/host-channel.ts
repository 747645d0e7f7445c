/**
 * Where the core of the server (jobs, plans, logs, blobs) and the ways to hosts (ssh, the local agent) meet. This folder
 * makes channels and says what happens on them; the core says which hosts there are and uses the channels.
 */
import type { Duplex } from "node:stream"
import type { Clock } from "../../base/clock.ts"
import type { AgentMessage, ServerMessage } from "../../protocol/agent-wire.ts"
import type { HostAddRequest, HostScan, HostScanRequest, JoinStep } from "../../protocol/api.ts"
import type { OutputFrame } from "../../protocol/frames.ts"
import type { HostLink, HostView } from "../../protocol/host.ts"
import type { AttemptId, BlobHash, HostId, ServerId } from "../../protocol/ids.ts"
import type { ServerInstance } from "../../protocol/server-instance.ts"
import type { WentAway } from "../../ssh/remote-host.ts"
import type { HostRecord } from "../../store/host-record.ts"

export type Hello = Extract<AgentMessage, { type: "hello" }>

/** Bytes to and from something on a host. An end of the stream is the far side's own only where its rstCode is 0. */
export interface HostTunnel {
  readonly stream: Duplex & { readonly rstCode: number }
  /** What the agent's answer says besides. */
  readonly headers: Readonly<Record<string, unknown>>
}

/** A live agent at the end of one host's link, from its `hello` until `onClosed`. At most one is open for a host. */
export interface HostChannel {
  readonly hostId: HostId
  /**
   * Sends in order, in one write. The core calls it at most once a tick for each host, after the change the messages
   * speak of is durable. Never throws: on a link that is going down the messages are lost, which `hello` mends later.
   */
  send(messages: readonly ServerMessage[]): void
  /** Sends a pack (workspace/pack.ts) to the host's cache by PUT /blobs; resolves once the agent has stored all of it. */
  putBlobs(pack: AsyncIterable<Uint8Array>, options: { readonly signal: AbortSignal }): Promise<void>
  /** The same by PUT /data, where the blobs of data are kept. */
  putData(pack: AsyncIterable<Uint8Array>, options: { readonly signal: AbortSignal }): Promise<void>
  /** POSTs `body` as JSON to a path of the agent and gives the body of its answer as it comes. */
  ask(path: string, body: unknown, options: { readonly signal: AbortSignal }): Promise<AsyncIterable<Uint8Array>>
  /** Puts uv on the host, beside the link. @throws {WindfallError} when it cannot be had, and ssh's failures */
  putUv(options: { readonly signal: AbortSignal }): Promise<void>
  /** Asks `/outputs/ATTEMPT` for blobs; the answer is a pack. Reading slowly holds the sender back. */
  fetchOutputs(
    attempt: AttemptId,
    hashes: readonly BlobHash[],
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>
  /** Opens `/terminals/PATH` (PATH is ours to choose, url-safe, may carry a query): both bodies, terminal frames. */
  openTerminal(path: string, options: { readonly signal: AbortSignal }): Duplex
  /**
   * Opens `/tunnels/PATH` (PATH as in {@link openTerminal}), once the agent has made the way.
   * @throws {WindfallError} why the agent has not, or link_lost
   */
  openTunnel(path: string, options: { readonly signal: AbortSignal }): Promise<HostTunnel>
  /** Opens a stream over which the agent answers a measurement (protocol/bench-talk.ts). */
  openBench(options: { readonly signal: AbortSignal }): Promise<HostTunnel>
  /** Stops and starts reading output from the host, so that a slow disk here holds the agent back, not our memory. */
  pauseOutput(): void
  resumeOutput(): void
  /** Ends the link at once; `onClosed` follows. The host's link is then made anew unless it was released. */
  close(reason: string): void
}

/**
 * What a link tells the core; implemented by the core, never throws. Messages have passed `checkAgentMessage`
 * (protocol/agent-check.ts) in the link: a channel that brings a malformed one is closed by the link itself.
 */
export interface HostChannelEvents {
  /** An agent said hello for this server's id in a protocol we speak. Nothing else is told of a channel before this. */
  onOpen(channel: HostChannel, hello: Hello): void
  /** Everything that was whole in one read, in order: the core makes one transaction of it. `hello` never comes again. */
  onMessages(channel: HostChannel, messages: readonly AgentMessage[]): void
  /** `output.bytes` belongs to the core from now on: the link must not reuse that memory. */
  onOutput(channel: HostChannel, output: OutputFrame): void
  /** The last word of a channel, said once. */
  onClosed(channel: HostChannel, reason: string): void
  /** Its owner has taken Windfall off. The link is not made again. */
  onLeft(hostId: HostId): void
  /** The way to a host changed; `ready` is told after `onOpen`. `reason` in words for people, `null` when ready. */
  onLink(hostId: HostId, link: HostLink, reason: string | null): void
}

/** What a join gives the core to store. */
export interface NewHost {
  readonly name: string
  readonly address: string
  readonly port: number | null
  readonly owner: string | null
  /** The owner's account there. */
  readonly consoleAccount: string | null
  readonly fleet: string
  readonly labels: Readonly<Record<string, string>>
  readonly hostKey: string
  /** As its agent said it; `null`: it did not. */
  readonly machine: string | null
}

/** What must be known of a host to clean it; one that did not come into the pool has no id. */
export type CleanedHost = Pick<HostRecord, "id" | "name" | "address" | "port" | "hostKey">

export interface AddOptions {
  readonly actor: string
  readonly signal: AbortSignal
  readonly admitted?: (host: HostView) => void
  /** The caller has seen to it that the machine joins only once at a time. @default false */
  readonly begun?: boolean
  /** Called within the change that stores the host, before it changes anything; throws a WindfallError to refuse. */
  readonly check?: () => void
}

/** What the core offers the ways to hosts. */
export interface HostsContext {
  readonly server: ServerId
  /** Which of those that have this id it is. */
  readonly instance: ServerInstance
  /** Whether what a host says of another process with this id is true of one that had this server's data. */
  isProved(said: Readonly<Record<string, unknown>>): boolean
  /** The data folder lay elsewhere at the last start: another process may run on the original. */
  readonly moved: boolean
  /** Where the ways to hosts may keep files of their own (keys, known_hosts, control sockets): DATA/ssh, 0700, exists. */
  readonly folder: string
  /** Downloads and bundled payloads that any server of this account may share. Exists. */
  readonly cacheFolder: string
  readonly clock: Clock
  /** 0 <= n < 1, for spreading retries. */
  readonly random: () => number
  readonly events: HostChannelEvents
  /** The hosts known now. */
  hosts(): readonly HostRecord[]
  /** Notes that a machine joins. @throws {WindfallError} name_taken while it does already */
  beginJoin(key: string, address: string): Disposable
  /** @throws {WindfallError} name_taken, so that a join can refuse early */
  checkName(name: string): void
  /**
   * Stores a host that passed all checks, and `check` too, together with its event and what `admitted` adds to that change. The core then calls {@link HostsService.keep} on it.
   * @throws {WindfallError} name_taken
   */
  admit(host: NewHost, actor: string, options: Required<Pick<AddOptions, "admitted" | "check">>): Promise<HostView>
  /** After a move: no host that can be asked has this server from elsewhere, and from now on they are served from here. */
  cleared(): void
  /** Tells administrators something by an event. Never secrets. */
  notice(message: string, host: HostId | null): void
}

/** The ways to hosts. One for each server. */
export interface HostsService {
  /** The line that lets this server in, for a host's authorized_keys; its key is made at the first start. */
  publicLine(): Promise<string>
  /** Keeps a link to this host from now on, making it anew whenever it breaks. Again with a changed record: dials anew. */
  keep(host: HostRecord): void
  /** Tries the link soon, and often for a while, where it is down: something may have changed. */
  hurry(host: HostId): void
  /** Ends the link and stops keeping it; tries to take this server's claim off the host when `unclaim`. */
  release(host: HostId, options: { readonly unclaim: boolean }): Promise<void>
  /**
   * Ends the link and removes all of this server on the host, its key line too; tells what went. A repeat does what is left.
   * @throws {WindfallError} what kept it from the host, or could not be removed there
   */
  clean(host: CleanedHost, signal: AbortSignal): Promise<readonly WentAway[]>
  /** Asks a machine for its host key; changes nothing. */
  scan(request: HostScanRequest, options: { readonly signal: AbortSignal }): Promise<HostScan>
  /**
   * Joins a host step by step and admits it; `check` and `admitted` are called within the change that stores it. Problems come as a last
   * step `failed`, never as a throw.
   */
  add(request: HostAddRequest, options: AddOptions): AsyncGenerator<JoinStep>
  /** Checks that the host shows this key now. The core then stores it and calls `keep`. @throws host_key_unconfirmed */
  rekey(host: HostRecord, hostKey: string, options: { readonly signal: AbortSignal }): Promise<void>
  /** Ends all links kindly; resolves when no child process is left. */
  stop(): Promise<void>
}

/** Implemented by `openHosts` in hosts/open-hosts.ts; tests give `startServer` another one. */
export type OpenHosts = (context: HostsContext) => HostsService
