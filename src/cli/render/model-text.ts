import { formatBytes } from "../../base/bytes.ts"
import { durationText } from "../../base/duration.ts"
import type { LeftOutHost, ModelView, ReplicaView } from "../../protocol/model-api.ts"
import { formatAge, formatTime } from "./age.ts"
import { printable, renderPairs, renderTable } from "./table.ts"

/** Models as a table. */
export function modelTable(models: readonly ModelView[], width: number | undefined): string {
  return renderTable(
    [
      { title: "MODEL" },
      { title: "STATE" },
      { title: "READY", right: true },
      { title: "ENGINE" },
      { title: "FOR" },
      { title: "SIZE", right: true },
      { title: "OWNER" },
      { title: "HOSTS" },
    ],
    models.map((model) => [
      model.name,
      model.state,
      `${model.replicas.filter(({ state }) => state === "ready").length}/${model.options.replicas}`,
      model.options.engine,
      model.options.purpose,
      formatBytes(model.weights.bytes),
      model.user,
      model.replicas.map(hostsText).filter(Boolean).join(" | ") || "-",
    ]),
    width,
  )
}

/** All about one. @param url of the server */
export function modelDetails(model: ModelView, url: string, now: number): string {
  const { name, user, state, reason, weights, options, usedAt } = model
  const file = weights.file === null ? "" : `/${weights.file}`
  const pairs: [string, string][] = [
    ["model", name],
    ["state", reason === null ? state : `${state}: ${printable(reason)}`],
    ["owner", user],
    ["weights", `${weights.data}${file} version ${weights.version}, ${formatBytes(weights.bytes)}`],
    [
      "engine",
      `${options.engine}, ${options.contextTokens} tokens for each of ${options.slots} slots${options.purpose === "text" ? `, cache ${options.kv}` : ""}`,
    ],
    ["makes", options.purpose],
    ["images", options.images ? "yes" : "no"],
    ["replicas", `${options.replicas}`],
    ["stops", options.idleStopMs === null ? "never by itself" : `unused for ${durationText(options.idleStopMs)}`],
    ["used", usedAt === null ? "not since the server started" : `${formatAge(now - usedAt)} ago`],
    [
      "base URL",
      `${url}/v1 (OpenAI)${options.purpose === "text" ? `, ${url} (Anthropic)` : ""}; a key: windfall key create NAME`,
    ],
  ]
  if (options.purpose === "text" && !options.knowsTools) pairs.push(["tools", "refused: its chat template knows none"])
  if (options.pins.length > 0) pairs.push(["only on", options.pins.join(", ")])
  return `${renderPairs(pairs)}${model.replicas.map(replicaText).join("")}`
}

function replicaText(replica: ReplicaView): string {
  const { number, state, reason, job, plan, readySince, engineVersion, inFlight, losses, nextTryAt, lastLoss } = replica
  const { leftOut = [] } = replica
  // Its hosts, layers and engine are not those of what is shown above of the model.
  const former = replica.isFormer === true ? " as it was served before" : ""
  const pairs: [string, string][] = [
    ["replica", `${number}`],
    ["state", `${state}${former}${reason === null ? "" : `: ${printable(reason)}`}`],
  ]
  if (job !== null) pairs.push(["job", `${job}`])
  if (readySince !== null) pairs.push(["ready since", formatTime(readySince)])
  if (engineVersion !== null) pairs.push(["version", printable(engineVersion)])
  if (state === "ready") pairs.push(["in flight", `${inFlight}`])
  if (losses > 0) pairs.push(["lost", losses === 1 ? "once" : `${losses} times in a row`])
  if (lastLoss !== null) pairs.push(["last lost", `${formatTime(lastLoss.at)}: ${printable(lastLoss.reason)}`])
  for (const one of leftOut) pairs.push(["left out", leftOutText(one)])
  if (nextTryAt !== null) pairs.push(["next try", formatTime(nextTryAt)])
  if (plan !== null) {
    const rate = plan.tokensPerSecond
    pairs.push(["network", plan.network ?? "none: one host"])
    if (rate !== null) pairs.push(["expected", `${rate.low.toFixed(0)} to ${rate.high.toFixed(0)} tokens/s`])
    for (const [rank, { hostName, firstLayer, layers, needBytes }] of plan.members.entries()) {
      const which = layers === 0 ? "no layers" : `layers ${firstLayer}-${firstLayer + layers - 1}`
      pairs.push([rank === 0 ? "head" : `rank ${rank}`, `${hostName}, ${which}, ${formatBytes(needBytes)}`])
    }
  }
  return `\n${renderPairs(pairs)}`
}

const LEFT_OUT_TEXTS: Readonly<Record<LeftOutHost["what"], string>> = {
  host: "",
  listening: " only through tunnels",
  cables: " not over its Thunderbolt cables",
}

function leftOutText({ hostName, until, what, reason }: LeftOutHost): string {
  return `${hostName}${LEFT_OUT_TEXTS[what]} until ${formatTime(until)}: ${printable(reason)}`
}

function hostsText({ plan }: ReplicaView): string {
  return plan?.members.map(({ hostName }) => hostName).join("+") ?? ""
}
