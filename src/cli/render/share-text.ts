import type { ClassicShareRow } from "../../scheduler/share/classic-share.ts"
import type { FairTreeRow } from "../../scheduler/share/fair-tree.ts"
import type { UsageReport } from "../../scheduler/share-report/charge-runs.ts"
import type { JobPriority } from "../../scheduler/share-report/job-priorities.ts"
import type { ShareReport } from "../../scheduler/share-report/share-report.ts"
import { type Column, renderTable } from "./table.ts"

/** Six digits after the point, as `sshare` prints; `-` for what there is not. */
export function shareText({ usage, fairTree, classic, jobs }: ShareReport): string {
  return [
    usage.throughMs === null && !hasDonated(usage) ? "" : usageText(usage),
    fairTreeText(fairTree),
    classicText(classic),
    ...jobs.map(jobText),
  ]
    .filter((part) => part !== "")
    .join("\n")
}

const right = (title: string): Column => ({ title, right: true })

function fairTreeText(rows: readonly FairTreeRow[]): string {
  const columns = [
    "SHARES",
    "LEVEL SHARES",
    "NORM SHARES",
    "RAW USAGE",
    "NORM USAGE",
    "EFF USAGE",
    "LEVEL FS",
    "RANK",
    "FAIR SHARE",
  ]
  const cells = rows.map((row) => [
    nameOf(row),
    levelOf(row),
    shown(row.shares),
    shown(row.levelShares),
    digits(row.normShares),
    shown(row.rawUsage),
    digits(row.normUsage),
    digits(row.effectiveUsage),
    digits(row.levelFs),
    shown(row.rank),
    digits(row.fairShare),
  ])
  return `Fair Tree\n${renderTable([{ title: "NAME" }, { title: "AMONG" }, ...columns.map(right)], cells)}`
}

function classicText(rows: readonly ClassicShareRow[]): string {
  const columns = ["SHARES", "LEVEL SHARES", "NORM SHARES", "RAW USAGE", "NORM USAGE", "EFF USAGE", "FAIR SHARE"]
  const cells = rows.map((row) => [
    nameOf(row),
    levelOf(row),
    shown(row.shares),
    shown(row.levelShares),
    digits(row.normShares),
    shown(row.rawUsage),
    digits(row.normUsage),
    digits(row.effectiveUsage),
    digits(row.fairShare),
  ])
  return `Classic fair share\n${renderTable([{ title: "NAME" }, { title: "AMONG" }, ...columns.map(right)], cells)}`
}

function usageText({ users, throughMs, perSecond, perPeriod, perHalfLife }: UsageReport): string {
  const isDonated = hasDonated({ users })
  const columns = ["GIVEN", "RUNS", ...(isDonated ? ["DONATED"] : []), "USAGE"]
  const cells = users.map(({ path, given, runs, donated, usage }) => [
    path.join("/"),
    shown(given),
    shown(runs.length),
    ...(isDonated ? [shown(donated)] : []),
    shown(usage),
  ])
  const table = renderTable([{ title: "NAME" }, ...columns.map(right)], cells)
  if (throughMs === null) return `Usage\n${table}`
  const left = `${perSecond} after a second, ${perPeriod} after a period, ${perHalfLife} after a half life`
  return `Usage through ${throughMs / 1000} s; left of it: ${left}\n${table}`
}

function hasDonated({ users }: Pick<UsageReport, "users">): boolean {
  return users.some(({ donated }) => donated > 0)
}

function jobText({ job, user, partition, qos, priority, rows }: JobPriority): string {
  const cells = rows.map(({ factor, value, weight, points }) => [
    factor,
    value === null ? "" : digits(value),
    weight === null ? "" : shown(weight),
    shown(points),
  ])
  const who = user === "" ? "" : ` of ${user}`
  const head = `Job ${job}${who}, partition ${partition}, QOS ${qos}: priority ${priority}`
  if (cells.length === 0) return `${head}, ${priority === 0 ? "held" : "set by hand"}\n`
  return `${head}\n${renderTable([{ title: "FACTOR" }, right("VALUE"), right("WEIGHT"), right("POINTS")], cells)}`
}

function nameOf({ path, kind }: { readonly path: readonly string[]; readonly kind: string }): string {
  const name = path.at(-1) ?? "root"
  return `${"  ".repeat(path.length)}${kind === "account" && path.length > 0 ? `${name}/` : name}`
}

function levelOf({ level }: { readonly level: readonly string[] | null }): string {
  return level === null ? "-" : (level.at(-1) ?? "root")
}

function digits(value: number | null): string {
  if (value === null) return "-"
  return value === Number.POSITIVE_INFINITY ? "inf" : value.toFixed(6)
}

/** A number as it is, with no more than six digits after the point. */
function shown(value: number | string | null): string {
  if (value === null) return "-"
  return typeof value === "string" ? value : String(Number(value.toFixed(6)))
}
