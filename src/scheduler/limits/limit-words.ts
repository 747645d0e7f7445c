import type { LimitHit } from "./limit-check.ts"
import type { LayerKind } from "./limits.ts"

const LAYERS: Readonly<Record<LayerKind, string>> = {
  partition_qos: "the partition's QOS",
  qos: "QOS",
  user: "user",
  account: "account",
  root: "the pool",
  partition: "partition",
}

const SCOPES: Readonly<Record<LimitHit["scope"], string>> = {
  group: "",
  user: " to one user",
  account: " to one account",
  job: " to one job",
}

/** A limit that was met, without all that is counted at its layer. */
export type ToldHit = Omit<LimitHit, "layer"> & {
  readonly layer: Pick<LimitHit["layer"], "kind" | "name" | "partition">
  /** With all that has a time before it. */
  readonly planned?: boolean
}

/** A limit that a job meets, in words: `account vision allows 4 running jobs: 4 now, 1 asked for`. */
export function limitText({ layer, scope, limit, resource, most, have, asked, planned }: ToldHit): string {
  const named = layer.kind === "root" ? LAYERS.root : `${LAYERS[layer.kind]} ${layer.name}`
  const who = layer.partition === undefined ? named : `QOS ${layer.name} of partition ${layer.partition}`
  const isLeast = limit === "minHosts" || limit === "minResources"
  const text = (amount: number) => `${shown(amount)}${sizeOf(limit, resource)}`
  const amount = `${isLeast ? "no less than " : ""}${text(most)} ${unitOf(limit, resource, most)}${SCOPES[scope]}`
  const when = planned === true ? "with those that have a time before it" : "now"
  const now = scope === "job" ? "" : `${text(have)} ${when}, `
  return `${who} allows ${amount}: ${now}${asked === Number.POSITIVE_INFINITY ? "no time limit" : text(asked)} asked for`
}

/** An amount of a limit with its unit, where it is not the one that counts things: `32 GiB`, `90 minutes`, `4`. */
export function amountText(limit: LimitHit["limit"], resource: string | null, amount: number): string {
  const isTime = limit === "wallMinutes" || isMinutes(limit)
  const size = sizeOf(limit, resource)
  return `${shown(amount)}${size}${isTime && size === "" ? ` ${amount === 1 ? "minute" : "minutes"}` : ""}`
}

/** Memory is limited in GiB, and how long it is held in GiB times minutes. */
function sizeOf(limit: LimitHit["limit"], resource: string | null): string {
  if (resource !== "memory") return ""
  return isMinutes(limit) ? " GiB minutes" : " GiB"
}

function isMinutes(limit: LimitHit["limit"]): boolean {
  return limit === "minutes" || limit === "runningMinutes"
}

function unitOf(limit: LimitHit["limit"], resource: string | null, most: number): string {
  const many = (word: string) => (most === 1 ? word : `${word}s`)
  switch (limit) {
    case "runningJobs":
      return many("running job")
    case "submittedJobs":
      return `${many("job")} waiting or running`
    case "wallMinutes":
      return many("minute")
    case "minHosts":
    case "maxHosts":
      return many("host")
    case "minutes":
    case "runningMinutes": {
      const held = resource === "memory" ? "of memory" : `${resource} ${many("minute")}`
      return limit === "minutes" ? held : `${held} still to run`
    }
    case "resources":
    case "minResources":
      return `${resource}`
    case "resourcesPerHost":
      return `${resource} a host`
  }
}

/** At most two digits after the point: used minutes are no whole numbers. */
function shown(amount: number): string {
  return String(Math.round(amount * 100) / 100)
}
