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
  readonly layer: Pick<LimitHit["layer"], "kind" | "name">
  /** With all that has a time before it. */
  readonly planned?: boolean
}

/** A limit that a job meets, in words: `account vision allows 4 running jobs: 4 now, 1 asked for`. */
export function limitText({ layer, scope, limit, resource, most, have, asked, planned }: ToldHit): string {
  const who = layer.kind === "root" ? LAYERS.root : `${LAYERS[layer.kind]} ${layer.name}`
  const isLeast = limit === "minHosts" || limit === "minResources"
  const amount = `${isLeast ? "no less than " : ""}${shown(most)} ${unitOf(limit, resource, most)}${SCOPES[scope]}`
  const now =
    scope === "job" ? "" : `${shown(have)} ${planned === true ? "with those that have a time before it" : "now"}, `
  return `${who} allows ${amount}: ${now}${asked === Number.POSITIVE_INFINITY ? "no time limit" : shown(asked)} asked for`
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
      return `${resource} ${many("minute")}`
    case "runningMinutes":
      return `${resource} ${many("minute")} still to run`
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
