import type { Clock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { Connections } from "./connections.ts"
import type { HubFetch } from "./proxied-fetch.ts"

/** Hugging Face's own hub; `HF_ENDPOINT` names another, as its own programs have it. */
export const USUAL_HUB = "https://huggingface.co"

/** When a file is fetched by several connections, each with a range of its own. */
export interface RangeLimits {
  /** Shorter files come by one. */
  readonly fromBytes: number
  /** Of one range. Each costs being led to where the bytes lie, so they should not be short. */
  readonly mostBytes: number
  /** Connections for one file. */
  readonly atOnce: number
}

/** How patient one is with a hub, and how much one asks of it at once. */
export interface HubLimits {
  /** No answer for so long, or fewer than `leastBytes`: the connection is given up, and asked anew. */
  readonly stallMs: number
  readonly leastBytes: number
  /** Tries in a row without getting on. */
  readonly tries: number
  readonly firstWaitMs: number
  readonly lastWaitMs: number
  /** A hub that wants to be left alone for longer is given up. */
  readonly longestWaitMs: number
  /** Connections over all files. */
  readonly connections: number
  readonly ranges: RangeLimits
  /** Of so many bytes the headers are read before anything is fetched; so long at most. */
  readonly headers: { readonly fromBytes: number; readonly withinMs: number }
}

export const HUB_LIMITS: HubLimits = {
  stallMs: 30_000,
  leastBytes: 16 * 1024,
  tries: 8,
  firstWaitMs: 500,
  lastWaitMs: 30_000,
  longestWaitMs: 10 * 60_000,
  connections: 8,
  ranges: { fromBytes: 64 * 1024 ** 2, mostBytes: 64 * 1024 ** 2, atOnce: 4 },
  headers: { fromBytes: 256 * 1024 ** 2, withinMs: 20_000 },
}

/** A hub of models, and as whom it is asked. */
export interface Hub {
  readonly base: URL
  /** Sent to the hub itself alone, never to where it leads on. */
  readonly token: string | null
  readonly clock: Clock
  readonly random: () => number
  readonly limits: HubLimits
  /** Asks through a proxy. @default fetch */
  readonly fetch?: HubFetch | undefined
  /** Where they are bounded. */
  readonly connections?: Connections
  /** What is fetched is kept, also where the rest does not come. */
  readonly keeps?: boolean
  /** Hears why it is asked anew, and after how long. */
  readonly onWait?: (reason: string, waitMs: number) => void
}

/**
 * Reads the address of a hub.
 * @throws {WindfallError} invalid_input
 */
export function readHubUrl(typed: string): URL {
  const url = URL.parse(typed)
  const problem =
    url === null || (url.protocol !== "https:" && url.protocol !== "http:")
      ? "it is no address that begins with https:// or http://"
      : url.username !== "" || url.password !== ""
        ? "a token must not stand in it"
        : url.search !== "" || url.hash !== ""
          ? "nothing may stand behind its path"
          : null
  if (url !== null && problem === null) {
    url.pathname = url.pathname.replace(/\/+$/, "")
    return url
  }
  // Not repeated: what is wrong with it may be that it holds a token.
  throw new WindfallError("invalid_input", `Cannot use the address of the model hub: ${problem}`, {
    hint: `For instance ${USUAL_HUB}`,
  })
}

/** The address of something on a hub. @param path of plain parts, which are quoted here */
export function hubAddress({ base }: Pick<Hub, "base">, path: string, query = ""): URL {
  const quoted = path.split("/").map(encodeURIComponent).join("/")
  return new URL(`${base.origin}${base.pathname.replace(/\/$/, "")}/${quoted}${query}`)
}
