import { NETWORK_KINDS, type NetworkKind } from "../../protocol/network.ts"
import { DescribedValues } from "./described-values.ts"
import { budgetOf, type Fleet, type FleetHost, type FleetLink, keptWithoutOwner } from "./fleet.ts"

/** What is known of a chip. */
export interface ChipFacts {
  /** "Apple M3 Ultra". */
  readonly name: string
  readonly bandwidthGbPerS: number | null
  readonly tflops: number | null
}

/** What the reader needs from elsewhere. */
export interface FleetRules {
  /** @param gpuCores `null`: not said. @returns `null` for a chip that is in no table */
  readonly chip: (name: string, gpuCores: number | null) => ChipFacts | null
  /** What Metal lets a GPU hold of so much memory. */
  readonly workingSetBytes: (memoryBytes: number) => number
  /** What stays with somebody who sits at a Mac. */
  readonly ownersBytes: (memoryBytes: number) => number
}

export type FleetReading =
  | { readonly fleet: Fleet; readonly problems: null }
  | { readonly fleet: null; readonly problems: readonly string[] }

const HOST_KEYS =
  "name count chip gpuCores memory owner keep workingSet available bandwidth tflops network cables rdma mlxLm excluded system hiveNetworks".split(
    " ",
  )
const LINK_KEYS = ["between", "kind", "mbps", "roundTripMs"]
const MOST_HOSTS = 500

/**
 * Reads a described fleet (docs/model-plan.md): the value of its JSON. All or nothing, with all that is wrong.
 */
export function readFleet(value: unknown, rules: FleetRules): FleetReading {
  const problems: string[] = []
  const refused = (): FleetReading => ({ fleet: null, problems })
  const whole: unknown = Array.isArray(value) ? { hosts: value } : value
  if (typeof whole !== "object" || whole === null)
    return { fleet: null, problems: ["it must be an object with `hosts`"] }
  const top = new DescribedValues(whole, "fleet", ["hosts", "links", "about", "tunnels"], problems)
  const described = top.value("hosts")
  if (!Array.isArray(described) || described.length === 0) {
    problems.push("hosts: must be a list with at least one host")
    return refused()
  }
  const hosts = described.flatMap((one: unknown, at) => readHosts(one, `hosts[${at}]`, rules, problems))
  if (hosts.length > MOST_HOSTS) problems.push(`hosts: more than ${MOST_HOSTS}`)
  const names = new Set<string>()
  for (const { name } of hosts) {
    if (names.has(name)) problems.push(`hosts: two are named ${name}`)
    names.add(name)
  }
  for (const { name, cables } of hosts)
    for (const cable of cables)
      if (!names.has(cable) || cable === name)
        problems.push(`hosts ${name}: a cable to ${cable}, which is no other host`)
  const links = top.value("links") ?? []
  if (!Array.isArray(links)) problems.push("links: must be a list")
  const read = (Array.isArray(links) ? links : []).map((one: unknown, at) =>
    readLink(one, `links[${at}]`, names, problems),
  )
  const pairs = new Set<string>()
  for (const [at, link] of read.entries()) {
    const pair = JSON.stringify(link?.between.toSorted())
    if (link !== null && pairs.has(pair))
      problems.push(`links[${at}]: a second one between ${link.between.join(" and ")}`)
    pairs.add(pair)
  }
  const isGuarded = top.flag("tunnels")
  if (problems.length > 0) return refused()
  const found = { hosts, links: read.filter((link) => link !== null), ...(isGuarded ? { isGuarded } : {}) }
  return { fleet: found, problems: null }
}

function readHosts(value: unknown, path: string, rules: FleetRules, problems: string[]): FleetHost[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push(`${path}: must be an object`)
    return []
  }
  const values = new DescribedValues(value, path, HOST_KEYS, problems)
  const name = values.text("name")
  if (name === null && values.value("name") === undefined) values.problem("name", "is missing")
  // Read once: each reading of what is wrong is told.
  const memory = values.bytes("memory")
  const memoryBytes = memory ?? 0
  if (values.value("memory") === undefined) values.problem("memory", 'is missing: write for instance "64G"')
  else if (memory === 0) values.problem("memory", "must be more than 0")
  const system = values.text("system") ?? "mac"
  if (system !== "mac" && system !== "linux") values.problem("system", `"${system}" is neither mac nor linux`)
  const typedChip = values.text("chip")
  const chip = typedChip === null ? null : rules.chip(typedChip, values.count("gpuCores"))
  const owner = values.value("owner")
  if (owner !== undefined && typeof owner !== "string" && typeof owner !== "boolean")
    values.problem("owner", "must be a name, true or false")
  const isOwners = owner !== undefined && owner !== false
  const keptBytes = values.bytes("keep") ?? (isOwners ? rules.ownersBytes(memoryBytes) : keptWithoutOwner(memoryBytes))
  const workingSetBytes = values.bytes("workingSet") ?? (system === "mac" ? rules.workingSetBytes(memoryBytes) : null)
  const hiveNets = values.names("hiveNetworks")
  const host: FleetHost = {
    name: name ?? "",
    chip: chip?.name ?? typedChip,
    memoryBytes,
    workingSetBytes,
    keptBytes,
    budgetBytes: budgetOf(memoryBytes, keptBytes, workingSetBytes, values.bytes("available")),
    bandwidthGbPerS: values.number("bandwidth") ?? chip?.bandwidthGbPerS ?? null,
    tflops: values.number("tflops") ?? chip?.tflops ?? null,
    network: readNetwork(values, path, problems),
    cables: values.names("cables"),
    hasRdma: values.flag("rdma"),
    mlxLm: values.text("mlxLm"),
    excluded: values.text("excluded"),
    ...(hiveNets.length === 0 ? {} : { hiveNets }),
  }
  const count = values.count("count") ?? 1
  if (count === 1) return [host]
  if (count > MOST_HOSTS) values.problem("count", `is more than ${MOST_HOSTS}`)
  return Array.from({ length: Math.min(count, MOST_HOSTS) }, (_, at) => ({ ...host, name: `${host.name}-${at + 1}` }))
}

/** Names of networks as people write them. */
const NETWORKS: Readonly<Record<string, FleetHost["network"]>> = {
  wifi: { kind: "wifi", mbps: null },
  "wi-fi": { kind: "wifi", mbps: null },
  ethernet: { kind: "ethernet", mbps: null },
  thunderbolt: { kind: "thunderbolt", mbps: null },
  unknown: { kind: "unknown", mbps: null },
}

function readNetwork(values: DescribedValues, path: string, problems: string[]): FleetHost["network"] {
  const value = values.value("network")
  if (value === undefined) return { kind: "unknown", mbps: null }
  if (typeof value === "object") {
    const parts = new DescribedValues(value as object, `${path}.network`, ["kind", "mbps"], problems)
    return { kind: readKind(parts) ?? "unknown", mbps: parts.number("mbps") }
  }
  const text = String(value).toLowerCase()
  const named = NETWORKS[text]
  if (named !== undefined) return named
  const rate = /^(\d+(?:\.\d+)?) ?g(?:be|bit(?:\/s)?)?$/.exec(text)
  if (rate !== null) return { kind: "ethernet", mbps: Number(rate[1]) * 1000 }
  values.problem(
    "network",
    `"${String(value)}" is none: write wifi, 1GbE, 10GbE, thunderbolt, or { "kind": "ethernet", "mbps": 940 }`,
  )
  return { kind: "unknown", mbps: null }
}

function readKind(values: DescribedValues): NetworkKind | null {
  const kind = values.text("kind")
  if (kind === null) return null
  const found = NETWORK_KINDS.find((one) => one === kind.toLowerCase().replace("-", ""))
  if (found === undefined) values.problem("kind", `"${kind}" is none of ${NETWORK_KINDS.join(", ")}`)
  return found ?? null
}

function readLink(value: unknown, path: string, names: ReadonlySet<string>, problems: string[]): FleetLink | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push(`${path}: must be an object`)
    return null
  }
  const values = new DescribedValues(value, path, LINK_KEYS, problems)
  const [a, b, ...more] = values.names("between")
  if (a === undefined || b === undefined || more.length > 0 || a === b) values.problem("between", "must be two hosts")
  for (const name of [a, b]) if (name !== undefined && !names.has(name)) values.problem("between", `${name} is no host`)
  return {
    between: [a ?? "", b ?? ""],
    kind: readKind(values),
    mbps: values.number("mbps"),
    roundTripMs: values.number("roundTripMs"),
  }
}
