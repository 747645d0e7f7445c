import {
  type Codec,
  entriesOf,
  list,
  type Path,
  plainKey,
  type Report,
  record,
  shown,
  unknownKey,
} from "../described/codec.ts"
import { byResource } from "../described/resource-codecs.ts"
import { number, shares, text } from "../described/scalar-codecs.ts"
import type { ShareNode, Shares } from "../share/share-tree.ts"
import { lengthMs, momentMs } from "./moment-codec.ts"
import { MAX_DEPTH, readShortTree } from "./short-tree.ts"

/** A node of a described tree, with what its usage is made of. */
export interface DescribedNode {
  readonly kind: "account" | "user"
  readonly name: string
  readonly shares: Shares
  /** As given; `null` when it is not. Of an account: with all that is below it. */
  readonly usage: number | null
  /** Users: taken off that, down to nothing, for what others were charged on their Macs. */
  readonly donated: number | null
  /** Accounts: of what belongs to nobody below it. */
  readonly ownUsage: number | null
  readonly runs: readonly DescribedRun[]
  readonly rank: number
  readonly children: readonly DescribedNode[]
  /** Its account, where it says so itself; only in a list that stands by itself. */
  readonly parent: string | null
  /** Where it stands in the description. */
  readonly path: Path
}

/** What ran for a user. */
export interface DescribedRun {
  readonly fromMs: number
  /** `null`: it runs on. */
  readonly toMs: number | null
  /** Billable units; `null`: from `resources`. */
  readonly units: number | null
  readonly resources: Readonly<Record<string, number>>
  /** `null`: that of its QOS. */
  readonly usageFactor: number | null
  readonly qos: string | null
  readonly partition: string | null
  /** The user on whose Mac it ran: by a path (`lab/ann`), or by a name that only one has. */
  readonly owner: string | null
  readonly suspended: readonly { readonly fromMs: number; readonly toMs: number }[]
}

/** So that sums over all users stay finite. */
const MOST = 1e300

const usage = number({ what: "an amount of usage", least: 0, most: MOST })
const nothing = { fromMs: Number.NaN, toMs: Number.NaN }

const run = record<DescribedRun & { readonly lastsMs: number | null }>(
  {
    fromMs: ["from", momentMs],
    toMs: ["to", nullable(momentMs)],
    lastsMs: ["lasts", nullable(lengthMs)],
    units: ["units", nullable(number({ what: "a number of billable units", least: 0 }))],
    resources: ["resources", byResource("an amount (of memory: GiB)")],
    usageFactor: ["usage-factor", nullable(number({ what: "a factor", least: 0 }))],
    qos: ["qos", nullable(text)],
    partition: ["partition", nullable(text)],
    owner: ["owner", nullable(text)],
    suspended: [
      "suspended",
      list(record({ fromMs: ["from", momentMs], toMs: ["to", momentMs] }, nothing), "times: {from, to}"),
    ],
  },
  {
    fromMs: Number.NaN,
    toMs: null,
    lastsMs: null,
    units: null,
    resources: {},
    usageFactor: null,
    qos: null,
    partition: null,
    owner: null,
    suspended: [],
  },
)

/** Reads the nodes of a list, or of a short text. */
export function readNodes(value: unknown, path: Path, report: Report, depth = 1): readonly DescribedNode[] {
  if (typeof value === "string") return readShort(value, path, report)
  if (!Array.isArray(value)) {
    report(path, `takes a list of accounts and users, or a text like "lab 60{ann 1:1000}", not ${shown(value)}`)
    return []
  }
  if (depth > MAX_DEPTH) {
    report(path, `is too deep: at most ${MAX_DEPTH} accounts may be within each other`)
    return []
  }
  return value.flatMap((each, at) => readNode(each, [...path, at], report, depth) ?? [])
}

const KEYS = [
  "account",
  "user",
  "name",
  "kind",
  "shares",
  "usage",
  "own-usage",
  "donated",
  "runs",
  "rank",
  "parent",
  "children",
  "users",
  "accounts",
] as const

function readNode(value: unknown, path: Path, report: Report, depth: number): DescribedNode | undefined {
  const entries = entriesOf(value)
  if (entries === null) {
    report(
      path,
      `takes an account ({"account": "lab", "shares": 60, "children": [...]}) or a user, not ${shown(value)}`,
    )
    return undefined
  }
  const found = new Map<string, readonly [key: string, value: unknown]>()
  for (const [key, one] of entries) {
    const name = plainKey(key)
    if (!(KEYS as readonly string[]).includes(name)) report([...path, key], unknownKey(key, KEYS))
    else if (found.has(name)) report([...path, key], "this key stands twice")
    else found.set(name, [key, one])
  }
  const read = <T, E>(name: (typeof KEYS)[number], codec: Codec<T>, otherwise: E): T | E => {
    const [key, one] = found.get(name) ?? []
    if (key === undefined || one === null) return otherwise
    return codec.read(one, [...path, key], report) ?? otherwise
  }
  const kind = kindOf(found, path, report)
  const name = read(kind, text, null) ?? read("name", text, "")
  if (name === "") report(path, `has no name: write {"${kind}": "NAME", ...}`)
  for (const key of kind === "user"
    ? (["children", "users", "accounts", "own-usage"] as const)
    : (["runs", "donated"] as const)) {
    if (found.has(key))
      report([...path, found.get(key)![0]], `only ${kind === "user" ? "accounts" : "users"} have that`)
  }
  const below = (["children", "users", "accounts"] as const).flatMap((key) => {
    const [typed, nodes] = found.get(key) ?? []
    return typed === undefined || kind === "user" ? [] : readNodes(nodes, [...path, typed], report, depth + 1)
  })
  return {
    kind,
    name,
    shares: read("shares", shares({ zero: true }), 1),
    usage: read("usage", usage, null),
    donated: kind === "user" ? read("donated", usage, null) : null,
    ownUsage: kind === "user" ? null : read("own-usage", usage, null),
    runs: kind === "user" ? read("runs", list(checkedRun, "runs: {from, to, units}"), []) : [],
    rank: read("rank", number({ what: "a rank", least: 0 }), 0),
    children: below,
    parent: read("parent", text, null),
    path,
  }
}

function kindOf(
  found: ReadonlyMap<string, readonly [string, unknown]>,
  path: Path,
  report: Report,
): "account" | "user" {
  const said = found.get("kind")?.[1]
  if (found.has("user") && found.has("account")) {
    report(path, 'is both an account and a user: write {"user": ...}, and "parent" for the account it is in')
  }
  if (said === "user" || said === "account") return said
  if (said !== undefined) report([...path, "kind"], `takes account or user, not ${shown(said)}`)
  if (found.has("user")) return "user"
  return found.has("account") || found.has("children") || found.has("users") || found.has("accounts")
    ? "account"
    : "user"
}

const checkedRun: Codec<DescribedRun> = {
  read(value, path, report) {
    const one = run.read(value, path, report)
    if (one === undefined) return undefined
    const { lastsMs, ...rest } = one
    if (Number.isNaN(rest.fromMs)) report(path, "has no from: when did it start?")
    if (rest.toMs !== null && lastsMs !== null) report(path, "has both to and lasts: they say the same")
    const toMs = lastsMs === null ? rest.toMs : rest.fromMs + lastsMs
    if (toMs !== null && toMs < rest.fromMs) report(path, "ends before it starts")
    if (rest.units === null && Object.keys(rest.resources).length === 0)
      report(path, "says neither units nor resources")
    let lastMs = rest.fromMs
    rest.suspended.forEach(({ fromMs, toMs: endMs }, at) => {
      const fits = fromMs >= lastMs && endMs >= fromMs && (toMs === null || endMs <= toMs)
      if (!fits) report([...path, "suspended", at], "must lie within the run, one after the other: {from, to}")
      lastMs = endMs
    })
    return { ...rest, toMs }
  },
  write: (value) => value,
}

function readShort(value: string, path: Path, report: Report): readonly DescribedNode[] {
  try {
    return readShortTree(value).map((node) => describe(node, path))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    report(path, error.message)
    return []
  }
}

function describe(node: ShareNode, path: Path): DescribedNode {
  const { kind, name, shares: own } = node
  const plain = { kind, name, shares: own, donated: null, ownUsage: null, runs: [], rank: 0, parent: null, path }
  return kind === "user"
    ? { ...plain, usage: node.usage, children: [] }
    : { ...plain, usage: null, children: node.children.map((child) => describe(child, path)) }
}

function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    read: (value, path, report) => (value === null ? null : codec.read(value, path, report)),
    write: (value) => value,
  }
}
