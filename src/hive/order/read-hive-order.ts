import { WindfallError } from "../../protocol/errors.ts"
import { HIVE_NETWORK_KINDS, type HiveNetwork } from "../../protocol/hive-network.ts"
import { ipv4Net } from "../../protocol/ipv4-net.ts"
import { MODEL_PURPOSES } from "../../protocol/model-api.ts"
import { RDMA_DEVICE, type RdmaMatrix } from "../../protocol/rdma.ts"
import { DEFAULT_LIMITS, type HiveLimits, type HiveOrder, type OrderedMember, ranksByLayer } from "./hive-order.ts"

const MOST_MEMBERS = 16
const MOST_LAYERS = 10_000
const MOST_TOKENS = 2 ** 31 - 1
const MOST_SLOTS = 1024
const DAY_MS = 86_400_000

type Raw = Readonly<Record<string, unknown>>

/**
 * Reads `hive.json`.
 * @throws {WindfallError} `invalid_input` with the field that is wrong; never with a key's value
 */
export function readHiveOrder(text: string): HiveOrder {
  const raw = object(parse(text), "the file")
  if (raw.version !== 1) refuse("version", "it is of another release")
  const engine = oneOf(raw, "engine", ["llama.cpp", "mlx"] as const)
  const members = list(raw, "members").map(readMember)
  if (members.length === 0 || members.length > MOST_MEMBERS) refuse("members", `there are 1 to ${MOST_MEMBERS}`)
  const mode = oneOf(raw, "mode", ["single", "pipeline", "tensor"] as const)
  if (mode === "tensor") checkParts(members)
  else checkLayers(members)
  const contextTokens = count(raw, "contextTokens", 1, MOST_TOKENS)
  const slots = count(raw, "slots", 1, MOST_SLOTS)
  // Engines count all of them together, with 32 bits.
  if (contextTokens * slots > MOST_TOKENS) refuse("slots", `times contextTokens they are more than ${MOST_TOKENS}`)
  const purpose = raw.purpose === undefined ? "text" : oneOf(raw, "purpose", MODEL_PURPOSES)
  if (purpose === "embeddings" && engine === "mlx") refuse("purpose", "mlx makes no embeddings")
  return {
    version: 1,
    hive: text64(raw, "hive", /^[\w.-]{1,64}$/),
    key: text64(raw, "key", /^[0-9a-f]{64}$/),
    engineKey: text64(raw, "engineKey", /^[\w-]{16,128}$/),
    engine,
    engineFolder: pathOrNull(raw, "engineFolder"),
    alias: text64(raw, "alias", /^[^\p{Cc}]{1,200}$/u),
    contextTokens,
    slots,
    kv: oneOf(raw, "kv", ["f16", "q8_0", "q4_0"] as const),
    mode,
    ...(raw.rdma === undefined ? {} : { rdma: readRdma(raw, members.length) }),
    // Orders of earlier releases have none.
    projectorPath: raw.projectorPath === undefined ? null : filePath(raw, "projectorPath"),
    ...(purpose === "text" ? {} : { purpose }),
    ...(raw.batchTokens === undefined ? {} : { batchTokens: count(raw, "batchTokens", 1, MOST_TOKENS) }),
    members,
    ...(raw.network === undefined ? {} : { network: readNetwork(raw) }),
    httpPort: raw.httpPort === null ? null : count(raw, "httpPort", 1, 65_535),
    threads: raw.threads === null ? null : count(raw, "threads", 1, 1024),
    cacheBytes: count(raw, "cacheBytes", 0, Number.MAX_SAFE_INTEGER),
    limits: readLimits(raw.limits),
  }
}

function readMember(value: unknown, rank: number): OrderedMember {
  const place = `members[${rank}]`
  const raw = object(value, place)
  return {
    modelPath: filePath(raw, "modelPath", place),
    firstLayer: count(raw, "firstLayer", 0, MOST_LAYERS, place),
    layers: count(raw, "layers", 0, MOST_LAYERS, place),
  }
}

function readNetwork(order: Raw): HiveNetwork {
  const raw = object(order.network, "network")
  const kind = oneOf(raw, "kind", HIVE_NETWORK_KINDS)
  if (kind !== "trusted") return { kind }
  const nets = list(raw, "nets").filter((net) => typeof net === "string" && ipv4Net(net) !== null) as string[]
  if (nets.length === 0 || nets.length !== list(raw, "nets").length) refuse("network.nets", "they are no networks")
  return { kind, nets }
}

/** Every layer once, without a gap; a member without layers would only cost. */
function checkLayers(members: readonly OrderedMember[]): void {
  const idle = members.findIndex(({ layers }, rank) => layers === 0 && rank > 0)
  if (idle !== -1) refuse(`members[${idle}].layers`, "only the head may have none")
  let next = 0
  for (const rank of ranksByLayer({ members })) {
    const { firstLayer = 0, layers = 0 } = members[rank] ?? {}
    if (firstLayer !== next) refuse(`members[${rank}].firstLayer`, `layer ${next} is next`)
    next += layers
  }
  if (next === 0) refuse("members", "none has layers")
}

/** Each has a part of every layer. */
function checkParts(members: readonly OrderedMember[]): void {
  const [first] = members
  if (first?.layers === 0) refuse("members", "none has layers")
  for (const [rank, { firstLayer, layers }] of members.entries()) {
    if (firstLayer !== 0) refuse(`members[${rank}].firstLayer`, "in parts of layers it is 0")
    if (layers !== first?.layers) refuse(`members[${rank}].layers`, "in parts of layers all have as many")
  }
}

/** A device from each rank to each other one, and none to itself. */
function readRdma(raw: Raw, size: number): RdmaMatrix {
  const rows = list(raw, "rdma")
  if (rows.length !== size || size < 2) refuse("rdma", "it has not a row for each of several members")
  return rows.map((row, rank) => {
    if (!Array.isArray(row) || row.length !== size) refuse(`rdma[${rank}]`, "it has not a device for each member")
    return (row as readonly unknown[]).map((device, other) => {
      if (other === rank) return device === null ? null : refuse(`rdma[${rank}]`, "a member needs none to itself")
      const isDevice = typeof device === "string" && RDMA_DEVICE.test(device)
      return isDevice ? device : refuse(`rdma[${rank}]`, `there is no device to member ${other}`)
    })
  })
}

/** What is not said is as usual. */
function readLimits(value: unknown): HiveLimits {
  const raw = object(value ?? {}, "limits")
  for (const name of Object.keys(raw))
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) refuse(`limits.${name}`, "no such limit")
  const limit = (name: keyof HiveLimits): number =>
    raw[name] === undefined ? DEFAULT_LIMITS[name] : count(raw, name, 1, 7 * DAY_MS)
  // Fewer would make one late pulse a lost member.
  if (limit("silentMs") < 3 * limit("pulseMs")) refuse("limits.silentMs", "it is less than three times pulseMs")
  return {
    gatherMs: limit("gatherMs"),
    workerMs: limit("workerMs"),
    loadMs: limit("loadMs"),
    pulseMs: limit("pulseMs"),
    silentMs: limit("silentMs"),
    stallMs: limit("stallMs"),
    drainMs: limit("drainMs"),
    graceMs: limit("graceMs"),
    killMs: limit("killMs"),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse("the file", "it is no JSON")
  }
}

function object(value: unknown, field: string): Raw {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(field, "it is no object")
  return value as Raw
}

function list(raw: Raw, field: string): readonly unknown[] {
  const value = raw[field]
  return Array.isArray(value) ? value : refuse(field, "it is no list")
}

function text64(raw: Raw, field: string, pattern: RegExp): string {
  const value = raw[field]
  return typeof value === "string" && pattern.test(value) ? value : refuse(field, "it is malformed")
}

/** Whoever sends a hive does not know where its folder will lie: a relative path begins there. */
function filePath(raw: Raw, field: string, place?: string): string | null {
  const path = raw[field]
  if (typeof path !== "string" || path.startsWith("/")) return pathOrNull(raw, field, place)
  const isPath = /^[^-]/.test(path) && !path.includes("\0") && !path.split("/").includes("..")
  return isPath ? path : refuse(placed(field, place), "it is no path in the hive's folder")
}

function pathOrNull(raw: Raw, field: string, place?: string): string | null {
  const value = raw[field]
  if (value === null) return null
  const isPath = typeof value === "string" && value.startsWith("/") && !value.includes("\0")
  return isPath ? value : refuse(placed(field, place), "it is no absolute path")
}

function count(raw: Raw, field: string, least: number, most: number, place?: string): number {
  const value = raw[field]
  const isCount = Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
  if (isCount) return value as number
  return refuse(placed(field, place), `it is no whole number from ${least} to ${most}`)
}

function placed(field: string, place: string | undefined): string {
  return place === undefined ? field : `${place}.${field}`
}

function oneOf<T extends string>(raw: Raw, field: string, values: readonly T[]): T {
  return values.find((value) => value === raw[field]) ?? refuse(field, `it is none of ${values.join(", ")}`)
}

function refuse(field: string, reason: string): never {
  throw new WindfallError("invalid_input", `Cannot read the hive's order: ${field}: ${reason}`)
}
