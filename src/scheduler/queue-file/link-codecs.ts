import { NETWORK_KINDS, type NetworkKind } from "../../protocol/network.ts"
import { type Codec, list, record } from "../described/codec.ts"
import { flag, number, oneOf, text } from "../described/scalar-codecs.ts"
import type { Preferred } from "../queue/preferences.ts"
import type { KeptMemory } from "../snapshot.ts"
import { also, bytes, nullable, numbersByName, texts } from "./file-codecs.ts"
import { moment } from "./moment-codecs.ts"

const mbps = number({ what: "megabits a second", least: 0 })

/** How a host is linked with others, as a file describes it. */
export interface DescribedLinks {
  readonly kind: NetworkKind
  readonly mbps: number | null
  /** Models of Macs at its Thunderbolt ports. */
  readonly peers: readonly string[]
  readonly model: string | null
  /** Measured, in megabits a second, by the other host's name. */
  readonly mbpsTo: Readonly<Record<string, number>>
}

export const linksCodec: Codec<DescribedLinks> = record<DescribedLinks>(
  {
    kind: ["kind", oneOf(NETWORK_KINDS)],
    mbps: ["mbps", nullable(mbps)],
    // Models hold commas: Mac15,14.
    peers: ["peers", list(text, "models")],
    model: ["model", nullable(text)],
    mbpsTo: ["mbps-to", numbersByName(mbps, "megabits a second")],
  },
  { kind: "unknown", mbps: null, peers: [], model: null, mbpsTo: {} },
)

/** How files come to a host, as a file describes it. */
export interface DescribedNetwork {
  readonly mbps: number | null
  /** Workspaces of which it has all, by their trees. */
  readonly trees: readonly string[]
  readonly wakes: boolean
  readonly wokenAtMs: number | null
}

export function networkCodec(nowMs: number): Codec<DescribedNetwork> {
  return record<DescribedNetwork>(
    {
      mbps: ["mbps", nullable(mbps)],
      trees: ["trees", texts],
      wakes: ["wakes", flag],
      wokenAtMs: ["woken", nullable(moment(nowMs))],
    },
    { mbps: null, trees: [], wakes: false, wokenAtMs: null },
  )
}

/** What its rules keep of a host's memory. */
export const keptMemory: Codec<KeptMemory> = also(
  { memory: "kept" },
  record<KeptMemory>(
    { bytes: ["kept", bytes], ofBytes: ["of", bytes], elseBytes: ["else", bytes] },
    { bytes: 0, ofBytes: 0, elseBytes: 0 },
  ),
)

const one = also(
  { user: "users", account: "accounts" },
  record<Preferred>({ users: ["users", texts], accounts: ["accounts", texts] }, { users: [], accounts: [] }),
)

/** Whom a host prefers: a list, or one alone. */
export const preferred: Codec<readonly Preferred[]> = {
  read: (value, path, report) =>
    list(one, "users and accounts").read(Array.isArray(value) ? value : [value], path, report),
  write: (value) => value.map((each) => one.write(each)),
}
