import { formatDuration } from "../../base/duration.ts"
import type {
  LimitsView,
  LimitView,
  ShareRowView,
  ShareView,
  UsageRowView,
  UsageView,
} from "../../protocol/usage-api.ts"
import { amountText } from "../../scheduler/limits/limit-words.ts"
import type { LimitEntry } from "../../scheduler/limits/limits.ts"
import { formatTime } from "./age.ts"
import { type Column, printable, renderTable } from "./table.ts"

const right = (title: string): Column => ({ title, right: true })

/** Usage and what is donated in billable hours. Without the tree users alone, who comes first on top. */
export function shareViewText(view: ShareView, { tree }: { readonly tree: boolean }): string {
  const { algorithm, rows, through, halfLifeMs } = view
  const hasLevel = algorithm === "fair_tree"
  const shown = tree ? rows : rows.filter(({ kind }) => kind === "user").toSorted(byFactor)
  if (shown.length === 0) return "Nobody is in the pool yet.\n"
  const columns = [
    { title: tree ? "NAME" : "USER" },
    ...(tree ? [] : [{ title: "ACCOUNT" }]),
    ...["SHARES", "PART", "USAGE h", "DONATED h", "OF ALL", ...(hasLevel ? ["LEVEL"] : []), "FACTOR"].map(right),
  ]
  const cells = shown.map((row) => [
    tree ? treeName(row) : row.name,
    ...(tree ? [] : [row.path.split("/").at(-2) ?? "root"]),
    String(row.shares),
    percent(row.normShares),
    hours(row.usage),
    hours(row.donated),
    percent(row.normUsage),
    ...(hasLevel ? [levelText(row)] : []),
    row.fairShare === null ? "-" : row.fairShare.toFixed(4),
  ])
  const fades = halfLifeMs === 0 ? "nothing fades" : `half of it fades in ${formatDuration(halfLifeMs)}`
  return `${renderTable(columns, cells)}Usage until ${formatTime(through)}; ${fades}\n`
}

/** In hours. Columns in which nothing stands are left out. */
export function usageText({ by, since, rows }: UsageView): string {
  const from = `since ${formatTime(since)}`
  if (rows.length === 0) return `Nothing ran ${from}.\n`
  const used = COLUMNS.filter(({ always, of }) => always || rows.some((row) => of(row) > 0))
  const cells = rows.map((row) => [
    row.name ?? (by === "model" ? "(none)" : "-"),
    String(row.jobs),
    String(row.attempts),
    ...used.map(({ of }) => hours(of(row))),
  ])
  const columns = [
    { title: by.toUpperCase() },
    right("JOBS"),
    right("ATTEMPTS"),
    ...used.map(({ title }) => right(title)),
  ]
  const isUnnamed = by === "model" && rows.every(({ name }) => name === null)
  const note = isUnnamed ? "No job of that time served a model: tasks and sessions are none's\n" : ""
  return `${renderTable(columns, cells)}Hours ${from}\n${note}`
}

export function limitsText({ user, account, partition, qos, refusal, limits }: LimitsView): string {
  const head = printable(`A job of ${user} in account ${account}, partition ${partition}, QOS ${qos}`)
  if (refusal !== null) return `${head} may not run: ${printable(refusal)}\n`
  if (limits.length === 0) return `${head} meets no limits.\n`
  const amount = ({ limit, resource }: LimitView, value: number | null) =>
    value === null ? "-" : amountText(limit as LimitEntry["limit"], resource, value)
  const cells = limits.map((one) => [whereText(one), whatText(one), amount(one, one.most), amount(one, one.used)])
  return `${head}\n${renderTable([{ title: "WHERE" }, { title: "LIMIT" }, right("MOST"), right("USED")], cells)}`
}

const COLUMNS: readonly {
  readonly title: string
  readonly always: boolean
  readonly of: (row: UsageRowView) => number
}[] = [
  { title: "RAN", always: true, of: ({ ranS }) => ranS },
  { title: "GPU", always: true, of: ({ gpuS }) => gpuS },
  { title: "CORES", always: true, of: ({ coreS }) => coreS },
  { title: "GiB", always: true, of: ({ memoryGibS }) => memoryGibS },
  { title: "CHARGED", always: true, of: ({ chargedS }) => chargedS },
  { title: "STOPPED", always: false, of: ({ stoppedS }) => stoppedS },
  { title: "OWN MAC", always: false, of: ({ ownS }) => ownS },
  { title: "LENT", always: false, of: ({ lentS }) => lentS },
  { title: "DONATED", always: false, of: ({ donatedS }) => donatedS },
]

const LAYERS: Readonly<Record<LimitView["layer"], string>> = {
  partition_qos: "QOS of the partition:",
  qos: "QOS",
  user: "user",
  account: "account",
  root: "the pool",
  partition: "partition",
}

const SCOPES: Readonly<Record<LimitView["scope"], string>> = {
  group: "all jobs together",
  user: "each user",
  account: "each account",
  job: "each job",
}

/** As the policy file has them. */
function whatText({ scope, limit, resource }: LimitView): string {
  const name =
    limit === "wallMinutes" ? "wall-time" : limit.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `${SCOPES[scope]}: ${name}${resource === null ? "" : ` ${resource}`}`
}

function whereText({ layer, name }: LimitView): string {
  return name === "" ? LAYERS[layer] : `${LAYERS[layer]} ${name}`
}

function byFactor(a: ShareRowView, b: ShareRowView): number {
  return (b.fairShare ?? 0) - (a.fairShare ?? 0)
}

function treeName({ path, name, kind }: ShareRowView): string {
  const depth = path === "root" ? 0 : path.split("/").length
  return `${"  ".repeat(depth)}${kind === "account" && depth > 0 ? `${name}/` : name}`
}

function levelText({ levelFs }: ShareRowView): string {
  if (levelFs === null) return "-"
  return levelFs === "inf" ? "unused" : levelFs.toFixed(3)
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}

function hours(seconds: number): string {
  return (seconds / 3600).toFixed(2)
}
