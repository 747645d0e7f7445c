import type { IncomingMessage } from "node:http"
import type * as z from "zod"
import type { Caller } from "../auth/accounts.ts"
import type { CodesInUse } from "../auth/codes-in-use.ts"
import type { WrongCodes } from "../auth/wrong-codes.ts"
import type { Core } from "../core.ts"
import type { HostExaminations } from "../doctor/host-examinations.ts"
import type { Departures } from "../fleet/departures.ts"
import type { HostsService } from "../hosts/host-channel.ts"
import type { InstallSource } from "../install/install-files.ts"
import type { Reach } from "../install/reach.ts"
import type { Models } from "../models/models.ts"
import type { Pulls } from "../pulls/pulls.ts"
import type { FirstTime } from "./idempotency.ts"

/** What routes work with. */
export interface Api {
  readonly core: Core
  readonly hosts: HostsService
  readonly departures: Departures
  readonly version: string
  /** How others reach this server. Known once it listens. */
  readonly reach: () => Reach
  readonly wrongCodes: WrongCodes
  readonly codesInUse: CodesInUse
  readonly examinations: HostExaminations
  readonly install: InstallSource
  /** Models on their way from a hub. */
  readonly pulls: Pulls
  readonly models: Models
}

/** A request that has passed all checks of its route. */
export interface ApiRequest<Body = unknown, Query = unknown> extends FirstTime {
  readonly api: Api
  readonly core: Core
  readonly caller: Caller
  /** The address it comes from; "" where that is not known. */
  readonly from: string
  readonly params: Readonly<Record<string, string>>
  readonly body: Body
  readonly query: Query
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal
  /** Cuts the connection in the middle of an answer. */
  hangUp(): void
  readonly headers: Headers
  /** The bytes of the body, for routes that read it themselves. */
  bytes(): AsyncIterable<Uint8Array>
}

/** One route: its place in the OpenAPI document, what it takes, and what it does. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** With parameters as `:name`. */
  readonly path: string
  readonly summary: string
  /** Answers without a token. */
  readonly open?: boolean
  /** What an administrator's token is needed for, as in "Cannot ...". */
  readonly admin?: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Status of a good answer. @default 200 */
  readonly status?: number
  /** Media type of the answer. @default "application/json" */
  readonly produces?: string
  /** What a good answer is, where it is JSON: one of the shapes in answers/. */
  readonly answer?: z.ZodType
  /** What each event, or each line, of an answer is that is a stream of them. */
  readonly item?: z.ZodType
  /** More than fits in `summary`: the form of what is not JSON. */
  readonly description?: string
  /** Media type of the body where it is not JSON. */
  readonly consumes?: string
  /**
   * How a repeat under the same idempotency key is answered. `stored`: as the first time. `anew`: by asking again, where the
   * question has but one answer and that is large. @default "stored"
   */
  readonly repeats?: "stored" | "anew"
  /** Checks that may take a while, before `change`. */
  readonly prepare?: (request: ApiRequest) => Promise<void>
  /** A lasting change: runs within the ledger, so that it and its remembered answer become durable together. */
  readonly change?: (request: ApiRequest) => unknown
  /** Everything else: an answer as JSON, or a whole Response, which must `remember` by itself what repeats are answered with. */
  readonly respond?: (request: ApiRequest) => unknown
}

type Shape<T> = T extends z.ZodType ? z.output<T> : unknown

/** Declares a route with its body and query typed from their schemas. */
export function route<const Body extends z.ZodType | undefined, const Query extends z.ZodObject | undefined>(
  spec: Omit<Route, "body" | "query" | "prepare" | "change" | "respond"> & {
    readonly body?: Body
    readonly query?: Query
    readonly prepare?: (request: ApiRequest<Shape<Body>, Shape<Query>>) => Promise<void>
    readonly change?: (request: ApiRequest<Shape<Body>, Shape<Query>>) => unknown
    readonly respond?: (request: ApiRequest<Shape<Body>, Shape<Query>>) => unknown
  },
): Route {
  return spec as Route
}

/** What the HTTP adapter hands through beside the standard request. */
export type AdapterEnv = {
  readonly incoming?: IncomingMessage
}
