import type { LossCode } from "../order/hive-news.ts"
import type { HiveOrder } from "../order/hive-order.ts"
import type { EngineName } from "../speed/host-speed.ts"

/**
 * How an engine runs: what a member of a hive needs to know to start it as its author ships it, to tell how it is, and to read what it says.
 * Pure: texts in, words out. A further engine is one more file like those beside this one, and a line in `engine-adapters.ts`.
 */
export interface EngineAdapter {
  readonly engine: EngineName
  /** The programs it has, each with all its names; they must lie in one folder. */
  readonly programs: Readonly<Record<string, readonly string[]>>
  /** Those of its programs that listen on the own address of a member of several. */
  listeners(rank: number): readonly string[]
  /** How to get it without an administrator, as one sentence, for a host of that kind. */
  whereToGet(on: EngineSystem): string
  /** Says which version it is. */
  readonly versionCommand: EngineCommand
  /** Says which flags it knows; `null` where that is not asked. */
  readonly helpCommand: EngineCommand | null
  /** Says which devices it would use; `null` where that is not asked. */
  readonly devicesCommand: EngineCommand | null
  /** Whether these answers are the same as long as its programs and what lies beside them are. */
  readonly keepsAnswers: boolean
  /** `null` where it cannot be told. */
  readVersion(output: string): string | null
  /** Devices that layers can be on, other than the processor. */
  readDevices(output: string): readonly string[]
  /** What no build of it does that the order, or the job's variables, would have it do, in words. */
  refuses(site: EngineSite): string | null
  /** What this build of it cannot do and would have to, in words. */
  lacks(site: EngineSite): string | null
  /** What must be up before the head; `null` where this rank has nothing of the kind. */
  worker(site: EngineSite, endpoint: Endpoint): EngineLaunch | null
  /** What listens and answers; rank 0 alone has it. */
  head(site: EngineSite, port: number, workers: readonly RankedEndpoint[]): EngineLaunch
  /** Something that a worker says about the protocol it speaks; workers that differ do not go together. */
  readProtocol(line: string): string | null
  /** Bytes that the engine says it has put somewhere. */
  readBuffer(line: string): BufferLine | null
  /** What its last lines and its end mean. */
  explainEnd(role: EngineRole, end: EngineEnd, lastLines: readonly string[]): EndMeaning
  readonly http: EngineHttp
}

/** What a host runs, as far as it decides which build of an engine it needs. */
export interface EngineSystem {
  readonly isMac: boolean
  /** As the host or Node says it: arm64, aarch64, x86_64, x64. */
  readonly arch: string
}

/** What a host says of itself; a Mac of today where nothing is known. */
export function engineSystem(host: { readonly system: string; readonly arch: string } | null): EngineSystem {
  return host === null ? { isMac: true, arch: "arm64" } : { isMac: host.system.startsWith("macOS"), arch: host.arch }
}

export interface EngineCommand {
  readonly program: string
  readonly arguments: readonly string[]
}

export type EngineRole = "worker" | "head"

/** Where a member is. */
export interface EngineSite {
  readonly order: HiveOrder
  readonly rank: number
  readonly threads: number
  readonly devices: readonly string[]
  /** What its help says; empty where it is not asked. */
  readonly help: string
  /** As it says it itself. */
  readonly version: string
  /** Where what was sent to it is kept; `null`: nothing is. */
  readonly cacheFolder: string | null
  /** A file with the addresses of all ranks, as MLX reads it; `null`: there is none. */
  readonly hostFile: string | null
  /** How ranks reach each other over RDMA; `null`: they do not. */
  readonly rdma: RdmaSite | null
}

export interface RdmaSite {
  /** A file with the devices of all ranks, as MLX reads it. */
  readonly devicesFile: string
  /** Where rank 0 listens for the others: "address:port". */
  readonly coordinator: string
}

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export interface RankedEndpoint extends Endpoint {
  readonly rank: number
}

export interface EngineLaunch extends EngineCommand {
  readonly role: EngineRole
  /** Added to what the member has; `undefined`: taken away. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where it listens once it is up; `null` where that says nothing, or nobody may try it. */
  readonly listens: Endpoint | null
}

export interface BufferLine {
  /** Of a worker; `null`: of the head's own. */
  readonly endpoint: string | null
  readonly kind: "model" | "cache" | "compute"
  readonly bytes: number
}

export interface EngineEnd {
  readonly exitCode: number | null
  readonly signal: string | null
}

export interface EndMeaning {
  readonly code: LossCode
  /** In words, without who it was. */
  readonly reason: string
  /** The worker it is about, "address:port". */
  readonly endpoint: string | null
}

/** How to ask the head over HTTP. */
export interface EngineHttp {
  /** Answers 200 once the model is loaded. */
  readonly healthPath: string
  /** A few tokens through the whole chain, or one embedding. @param word makes the prompt one that no cache has */
  canary(order: Pick<HiveOrder, "alias" | "purpose">, word: string): { readonly path: string; readonly body: unknown }
  /** How many tokens came, or made an embedding that has numbers only; 0 where it is no answer. */
  canaryTokens(body: unknown): number
  /** Of what clients ask of one engine or another, the fields that it passes over without a word. */
  readonly lacks: readonly string[]
  /** By field, the least number that it knows where clients write one below for what it does by itself. */
  readonly leastNumbers: Readonly<Record<string, number>>
  /** How many seeds it tells apart, from 0 on. */
  readonly seeds: number
  /** What it is asked for where a client says nothing. */
  readonly defaults: Readonly<Record<string, number>>
  /** What a stream is asked with, so that its first chunk says how many tokens the prompt has; empty where it cannot. */
  readonly tellsPrompt: Readonly<Record<string, boolean>>
  /** Where it says what it works on; `null` where it does not. */
  readonly progressPath: string | null
  /** @throws never: what cannot be read is nothing in flight */
  progress(body: unknown): EngineProgress
}

export interface EngineProgress {
  /** Requests that are worked on. */
  readonly busy: number
  /** Changes with every token, of prompt or answer, of any request. */
  readonly mark: string
}
