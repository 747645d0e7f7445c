import { formatBytes } from "../../base/bytes.ts"
import type { EngineRules } from "../engines/engine-rules.ts"
import { KEEPS_LAYERS_SINCE } from "../engines/mlx-models.ts"
import { outputReadBytes } from "../model/model-facts.ts"
import type { HivePlan, ModelPlan, PlannedWay, Rate } from "./model-plan.ts"
import { fitsWithNewerMlx } from "./other-splits.ts"
import type { PreparedFleet } from "./prepared-fleet.ts"

type Found = Omit<ModelPlan, "verdicts" | "advice" | "remedies">

/** What should be known of a plan, in sentences, the most important first. */
export function adviceFor(found: Found, rules: EngineRules, fleet: PreparedFleet): readonly string[] {
  const advice: string[] = []
  const [hive] = found.replicas
  if (hive === undefined) {
    const refusal = rules.splitRefusal(found.model)
    if (refusal !== null) advice.push(`It cannot be split: ${refusal}`)
    const need = refusal === null ? rules.splitNeed(found.model) : null
    if (need !== null) advice.push(need)
    if (rules.engine === "mlx" && refusal === null && fitsWithNewerMlx(found.model, fleet, found.request))
      advice.push(
        `Where the version of mlx-lm is not known, or is older than ${KEEPS_LAYERS_SINCE}, only splits are planned in which each Mac has as many layers as the others: others lose layers silently (mlx-lm #1688)`,
      )
    return [...advice, ...found.model.notes]
  }
  const single = hive.members.length === 1
  const faster = found.alternatives.filter((other) => isFaster(other, hive))
  const alone = single ? hive : found.alternatives.find(({ members }) => members.length === 1)
  if (alone !== undefined && !single && isFaster(alone, hive)) {
    advice.push(
      `One Mac alone is faster: ${alone.members[0]?.host.name} ${rateText(alone)}, this split ${rateText(hive)}`,
    )
  }
  if (hive.ways.some(({ isTunnelled }) => isTunnelled === true)) advice.push(tunnelText(hive))
  if (hive.usesWifi) advice.push(wifiText(hive))
  const slow = slowestWay(hive)
  if (slow !== undefined) advice.push(slowText(hive, slow))
  if (single) {
    const split = found.alternatives.find(({ members, usesWifi }) => members.length === 2 && !usesWifi)
    if (split !== undefined && isFaster(hive, split))
      advice.push(`One Mac alone is faster than any split: over two it would be ${rateText(split)}`)
    const wifi = found.alternatives.find(({ usesWifi }) => usesWifi)
    if (split === undefined && wifi !== undefined)
      advice.push(
        `One Mac alone is faster: Wi-Fi makes a split pointless here (${rateText(wifi)} over ${wifi.members.length})`,
      )
  }
  const larger = quickerOverMore(found, hive)
  if (larger !== undefined)
    advice.push(
      `${larger.members.length} Macs are faster: ${hostsText(larger)} ${rateText(larger)}, ${hostsText(hive)} ${rateText(hive)} (${howText(found, larger)})`,
    )
  for (const other of faster.filter(({ mode }) => mode === "tensor").slice(0, 1))
    advice.push(
      `Over ${other.members.length} Macs with RDMA it may be faster: ${rateText(other)} (--macs ${other.members.length})`,
    )
  const { wholeOn, request, replicas } = found
  if (replicas.length < request.replicas)
    advice.push(`There is room for ${replicas.length} of ${request.replicas} replicas`)
  if (single && wholeOn.length > replicas.length)
    advice.push(
      `${wholeOn.length} Macs could hold it whole: more users are served by replicas (--replicas ${Math.min(4, wholeOn.length)}), not by a split`,
    )
  for (const { host, isTight } of hive.members)
    if (isTight)
      advice.push(
        `${host.name} is filled over nine tenths of what its GPU may hold (${formatBytes(host.workingSetBytes ?? 0)}): it may be slow`,
      )
  for (const member of hive.members) {
    const { name } = member.host
    if (member.host.bandwidthGbPerS === null && found.model.pooling === null)
      advice.push(`No speed is predicted: the memory bandwidth of ${name} is not known`)
  }
  if (found.model.isTied && rules.engine === "llama.cpp" && !single && outputReadBytes(found.model) > 0)
    advice.push("Embeddings and output are one matrix: head and last member each keep it")
  return [...advice, ...found.model.notes]
}

function isFaster(a: HivePlan, b: HivePlan): boolean {
  if (a.prediction === null || b.prediction === null) return false
  return a.prediction.generation.expected > b.prediction.generation.expected
}

/** So much faster, in what is expected, that it is worth a Mac more. */
const WORTH_MORE = 1.1

/** The fastest of the splits over more Macs than it takes that can be served as they are planned, and go neither over Wi-Fi nor, which is said apart, over RDMA. */
function quickerOverMore({ alternatives }: Found, hive: HivePlan): HivePlan | undefined {
  const rate = ({ prediction }: HivePlan) => prediction?.generation.expected ?? 0
  const isServed = ({ engine, ways }: HivePlan) =>
    engine === "llama.cpp" || !ways.some(({ isTunnelled }) => isTunnelled)
  const [fastest] = alternatives
    .filter((other) => other.mode === "pipeline" && other.members.length > hive.members.length && isServed(other))
    .filter((other) => !other.usesWifi && isFaster(other, hive) && rate(other) > rate(hive) * WORTH_MORE)
    .toSorted((a, b) => rate(b) - rate(a))
  return fastest
}

/** By what it would be so: two of which neither holds the model are the plan where no others are allowed. */
function howText({ wholeOn }: Found, { members }: HivePlan): string {
  const names = members.map(({ host }) => host.name)
  if (names.length > 2 || names.some((name) => wholeOn.includes(name))) return `--macs ${names.length}`
  return `model serve ${names.map((name) => `--pin ${name}`).join(" ")}`
}

function hostsText({ members }: HivePlan): string {
  const names = members.map(({ host }) => host.name)
  return names.length === 1 ? `${names[0]} alone` : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
}

/** Of a token's time, what ways over Wi-Fi may take before a split over it is pointless. */
const POINTLESS_SHARE = 1 / 3

function wifiText(hive: HivePlan): string {
  const share = hive.hopsMs / hive.tokenMs
  const cost = `the ways take ${Math.round(hive.hopsMs)} ms of each token, ${Math.round(share * 100)} % of its time (${rateText(hive)} expected)`
  if (share >= POINTLESS_SHARE) return `Wi-Fi makes this split pointless: ${cost}. Use cables`
  return `This split goes over Wi-Fi: ${cost}, and every wait in the air stops all members. Use cables`
}

/** What a way without Wi-Fi takes of a token at most before somebody should look at it: ten times as long as over Gigabit Ethernet. */
const SLOW_HOP_MS = 50

function slowestWay({ ways, tokenMs }: HivePlan): PlannedWay | undefined {
  const [slowest] = ways
    .filter(({ kind, isTunnelled }) => kind !== "wifi" && isTunnelled !== true)
    .toSorted((a, b) => b.hopMs - a.hopMs)
  return slowest !== undefined && slowest.hopMs >= Math.max(SLOW_HOP_MS, tokenMs * POINTLESS_SHARE)
    ? slowest
    : undefined
}

function slowText(hive: HivePlan, { from, to, mbps, roundTripMs, hopMs }: PlannedWay): string {
  const known = [
    ...(mbps === null ? [] : [`${mbpsText(mbps)} Mbit/s`]),
    ...(roundTripMs === null ? [] : [`${roundTripMs} ms there and back`]),
  ]
  const share = Math.round((hopMs / hive.tokenMs) * 100)
  return `The way between ${from} and ${to} makes this split pointless (${known.join(", ")}): it takes ${Math.round(hopMs)} ms of each token, ${share} % of its time. Use another cable or network, and measure it: windfall host bench ${from} ${to}`
}

/** Of a way: "940", "7.5", "0.001". */
export function mbpsText(mbps: number): string {
  return mbps >= 10 ? `${Math.round(mbps)}` : `${Number(mbps.toPrecision(2))}`
}

function tunnelText({ engine, hopsMs, tokenMs }: HivePlan): string {
  const trust = "windfall fleet set --hive-network trusted CIDR"
  if (engine !== "llama.cpp")
    return `These Macs share neither a cable nor a trusted network, and MLX cannot be tunnelled: model serve refuses it until an administrator says ${trust}, or serves it with --trust-network`
  const share = Math.round((hopsMs / tokenMs) * 100)
  return `These Macs share neither a cable nor a trusted network: what their engines say goes through tunnels of the server, and the ways take ${Math.round(hopsMs)} ms of each token, ${share} % of its time. An administrator can trust a network: ${trust}`
}

function rateText({ prediction }: HivePlan): string {
  return prediction === null ? "unknown speed" : `${tokensText(prediction.generation)} tokens/s`
}

const LEAST_RATE = 0.001

/** "18 to 30". */
export function tokensText({ low, high }: Rate): string {
  return high < LEAST_RATE ? `under ${LEAST_RATE}` : `${oneRate(low)} to ${oneRate(high)}`
}

/** "18", "1.8", "0.02": never 0. */
export function oneRate(rate: number): string {
  if (rate < LEAST_RATE) return `under ${LEAST_RATE}`
  if (rate < 0.1) return `${Number(rate.toPrecision(1))}`
  return rate < 9.95 ? rate.toFixed(1) : rate.toFixed(0)
}
