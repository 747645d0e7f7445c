import { formatBytes } from "../../base/bytes.ts"
import { isWithoutCache, weightBytes } from "../../hive/model/model-facts.ts"
import { makesText } from "../../hive/model/purpose.ts"
import { mbpsText, tokensText } from "../../hive/plan/advice.ts"
import type { HivePlan, ModelPlan, PlannedWay } from "../../hive/plan/model-plan.ts"
import { timesText } from "../../hive/plan/remedies.ts"
import { printableLines, renderPairs, renderTable } from "./table.ts"

/** What `model plan` prints for people. */
export function modelPlanText(plan: ModelPlan): string {
  const parts = [renderPairs(headPairs(plan))]
  for (const [at, hive] of plan.replicas.entries()) {
    const title = plan.replicas.length > 1 ? `Replica ${at + 1}: ` : ""
    const speed = plan.model.pooling === null ? speedText(hive) : "Speed: not predicted: it writes no text\n"
    parts.push(`${title}${hiveTitle(hive)}\n${membersTable(hive)}${waysText(hive.ways)}${speed}`)
  }
  if (plan.advice.length > 0) parts.push(lines("To know:", plan.advice))
  if (plan.remedies.length > 0)
    parts.push(lines(plan.replicas.length === 0 ? "What would make it fit:" : "What would help:", plan.remedies))
  if (plan.alternatives.length > 0) parts.push(`For comparison:\n${alternativesTable(plan)}`)
  const others = plan.verdicts.filter(({ code }) => code !== "used")
  if (others.length > 0)
    parts.push(`Other hosts:\n${withoutTitles(others.map(({ host, text }) => [`  ${host}`, text]))}`)
  // Names in a header and in a described fleet are whatever somebody wrote there.
  return printableLines(parts.join("\n"))
}

function headPairs({ model, request, engine, replicas }: ModelPlan): readonly (readonly [string, string])[] {
  const experts = model.experts === null ? "" : `, ${model.experts.used} of ${model.experts.count} experts`
  const slots = request.slots === 1 ? "in one slot" : `in each of ${request.slots} slots`
  return [
    ["model", `${model.name} (${model.architecture}, ${model.quantisation})`],
    [
      "size",
      `${countText(model.parameters)} parameters, ${model.layers.length} layers${experts}; ${formatBytes(weightBytes(model))} of weights`,
    ],
    ...(model.pooling === null ? [] : ([["makes", makesText(model)]] as const)),
    ...imagesPair(model.projector),
    [
      "context",
      `${request.contextTokens} tokens ${slots}, ${isWithoutCache(model) ? "no cache" : `cache ${request.kv}`}`,
    ],
    ["engine", engine],
    ["fits", replicas.length === 0 ? "no" : fitText(replicas[0] as HivePlan, replicas.length, request.replicas)],
  ]
}

function imagesPair(projector: ModelPlan["model"]["projector"]): readonly (readonly [string, string])[] {
  if (projector === null) return []
  const { file, bytes, computeBytes, seesImages } = projector
  const what = seesImages ? `by ${file}` : `none: ${file} only hears`
  return [["images", `${what}, ${formatBytes(bytes)} and ${formatBytes(computeBytes)} to compute with, on the head`]]
}

function fitText({ members, mode }: HivePlan, replicas: number, asked: number): string {
  const where =
    members.length === 1
      ? "on one Mac"
      : `over ${members.length} Macs${mode === "tensor" ? ", each with a part of every layer" : ""}`
  if (replicas < asked) return `${timesText(replicas)}, not ${timesText(asked)}; ${where}`
  return `yes, ${where}${replicas > 1 ? `, ${replicas} times` : ""}`
}

function hiveTitle({ members }: HivePlan): string {
  return members.map(({ host }) => host.name).join(" + ")
}

function membersTable({ members, mode }: HivePlan): string {
  const columns = ["HOST", "LAYERS", "WEIGHTS", "CACHE", "COMPUTE", "RESERVE", "NEEDS", "BUDGET", "HAS"].map(
    (title, at) => ({
      title,
      right: at > 1 && at < 8,
    }),
  )
  const rows = members.map((member) => [
    member.host.name,
    mode === "tensor" ? `part of ${member.layers.to}` : layersText(member.layers.from, member.layers.to),
    ...[member.weightBytes, member.cacheBytes, member.computeBytes, member.reserveBytes, member.needBytes].map(
      formatBytes,
    ),
    formatBytes(member.host.budgetBytes),
    [member.isHead && "head", member.hasEmbeddings && "embeddings", member.hasOutput && "output"]
      .filter(Boolean)
      .join(", "),
  ])
  return renderTable(columns, rows)
}

/** "0-31 (32)". */
function layersText(from: number, to: number): string {
  return `${from === to - 1 ? from : `${from}-${to - 1}`} (${to - from})`
}

const KINDS = { ethernet: "Ethernet", wifi: "Wi-Fi", thunderbolt: "Thunderbolt", unknown: "unknown network" } as const

function waysText(ways: readonly PlannedWay[]): string {
  return ways
    .map(({ from, to, kind, mbps, isMeasured, isTunnelled, hopMs }) => {
      const rate = mbps === null ? "" : `, ${mbpsText(mbps)} Mbit/s ${isMeasured ? "measured" : "expected"}`
      const through = isTunnelled === true ? ", in a tunnel through the server" : ""
      return `${from} - ${to}: ${KINDS[kind]}${rate}${through}, ${hopMs.toFixed(1)} ms of each token\n`
    })
    .join("")
}

function speedText({ prediction }: HivePlan): string {
  if (prediction === null) return "Speed: not predicted\n"
  const { generation, generationAtFullContext, prompt, basis } = prediction
  const speed = [
    `${tokensText(generation)} tokens/s for one conversation`,
    `${tokensText(generationAtFullContext)} with the whole context in use`,
    ...(prompt === null ? [] : [`prompts ${tokensText(prompt)} tokens/s`]),
  ]
  return `Speed: ${speed.join("; ")}\n${basis.map((line) => `  ${line}\n`).join("")}`
}

function alternativesTable({ alternatives, replicas }: ModelPlan): string {
  const row = (hive: HivePlan, note: string) => [
    `  ${hive.members.length}`,
    hive.mode,
    hive.prediction === null ? "-" : tokensText(hive.prediction.generation),
    hiveTitle(hive) + note,
  ]
  const [chosen] = replicas
  const rows = [
    ...(chosen === undefined ? [] : [row(chosen, " (this plan)")]),
    ...alternatives.map((hive) => row(hive, hive.usesWifi ? " (Wi-Fi)" : "")),
  ]
  return renderTable(
    ["  MACS", "HOW", "TOKENS/S", "HOSTS"].map((title) => ({ title })),
    rows,
  )
}

function lines(title: string, texts: readonly string[]): string {
  return `${title}\n${texts.map((text) => `  ${text}\n`).join("")}`
}

function withoutTitles(rows: readonly (readonly string[])[]): string {
  return renderTable([{ title: "" }, { title: "" }], rows).replace(/^[^\n]*\n/, "")
}

function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(count < 1e10 ? 1 : 0)} billion`
  if (count < 1e6) return `${Math.round(count)}`
  return `${(count / 1e6).toFixed(1)} million`
}
