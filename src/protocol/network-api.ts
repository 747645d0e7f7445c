/** What is asked of the server about hosts on the network. */
import type { ErrorBody } from "./errors.ts"
import type { NetworkMeasure } from "./network.ts"

/**
 * POST /v1/hosts/HOST/address (admin): where the host is reached from now on. It must show this host key there: the pinned one
 * where `hostKey` is `null`, else this one, which is pinned then. Answers the host.
 */
export interface HostAddressRequest {
  readonly address: string
  readonly port: number | null
  readonly hostKey: string | null
}

/** POST /v1/hosts/HOST/wake (admin): whether it may be woken for jobs. Answers the host. */
export interface HostWakeRequest {
  readonly wake: boolean
}

/** GET /v1/discover (admin): what offers ssh on the server's net. Takes some seconds. */
export interface DiscoverAnswer {
  readonly found: readonly DiscoveredMachine[]
  /** Why there may be more, or nothing could be asked, in words; `null` when all went well. */
  readonly problem: string | null
}

/** Names are as machines on the net give them: anybody there can say anything. Control characters are taken out. */
export interface DiscoveredMachine {
  /** What it calls itself. */
  readonly name: string
  /** "studio-3.local" */
  readonly target: string
  readonly port: number
  /** The host of the pool that it seems to be, by its address; `null`: none. */
  readonly host: string | null
}

/** POST /v1/bench (admin): measures from one end to another and back. Ends are hosts' names or ids, or "server". */
export interface BenchRequest {
  readonly between: string
  readonly and: string
  /** Each way at most so long, 1,000 to 10,000 ms; `null`: 3 s. */
  readonly durationMs: number | null
}

/** A line of the answer to POST /v1/bench: `progress` for each direction, `measured` at its end; the last is `done` or `failed`. */
export type BenchStep =
  | { readonly step: "waiting" }
  | {
      readonly step: "progress"
      readonly from: string
      readonly to: string
      readonly bytes: number
      readonly durationMs: number
    }
  | { readonly step: "measured"; readonly measure: NetworkMeasure; readonly from: string; readonly to: string }
  | { readonly step: "done" }
  | { readonly step: "failed"; readonly error: ErrorBody["error"] }
