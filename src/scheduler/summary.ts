import { formatDuration } from "../base/duration.ts"
import { BY_NUMBER, type JobNames } from "./job-names.ts"
import { isByRules, isLasting, type Obstacle } from "./obstacle.ts"
import { countByKind, kindOf } from "./obstacle-kinds.ts"
import { describeObstacle, toTell } from "./obstacle-text.ts"
import type { WaitReasons } from "./wait-reasons.ts"

/** The one code and the one sentence for why a job waits. */
export interface Summary {
  readonly code:
    | Obstacle["code"]
    | "starting"
    | "not_before"
    | "checkpoint_coming"
    | "array_limit"
    | "no_hosts"
    | "host_unknown"
    | "never_fits"
    | "rules_forbid"
  readonly summary: string
}

/** Draws the reasons of all hosts together. Where several differ, the code is that of the host nearest to taking the job. */
export function summarize(
  { job, hosts, isThrottled }: WaitReasons,
  nowMs: number,
  nameOf: JobNames = BY_NUMBER,
): Summary {
  const wanted = job.hostWanted
  if (hosts.length === 0) return { code: "no_hosts", summary: "No host has joined the pool yet" }
  if (wanted !== null && !hosts.some(({ host }) => host.id === wanted || host.name === wanted)) {
    return { code: "host_unknown", summary: `No host of the pool is called ${wanted}` }
  }

  const possible = hosts.filter(({ obstacles }) => !obstacles.some(isLasting))
  const nearest = possible.toSorted((a, b) => distance(a.obstacles) - distance(b.obstacles))[0]
  if (nearest === undefined) {
    // What passes is in the way, too, but says nothing of whether it could ever run there.
    const lasting = hosts.map(({ host, obstacles }) => ({ host, obstacles: obstacles.filter(isLasting) }))
    const named = lasting.filter(({ obstacles }) => obstacles[0]?.code !== "pinned_elsewhere")
    const barred = named.filter(({ obstacles }) => obstacles.every(isByRules))
    const shown = barred.length > 0 ? barred : named
    const texts = shown.slice(0, 3).map(({ host, obstacles }) => {
      const all = barred.length > 0 ? obstacles : obstacles.slice(0, 1)
      return `${host.name}: ${all.map((one) => describe(one, host)).join("; ")}`
    })
    if (shown.length > 3) texts.push(`and ${shown.length - 3} more`)
    if (barred.length === 0)
      return { code: "never_fits", summary: `No host of the pool could ever run it (${texts.join("; ")})` }
    const rest = named.length > barred.length ? "; no other host could ever run it" : ""
    return {
      code: "rules_forbid",
      summary: `No host may run it by the rules as they are now (${texts.join("; ")})${rest}`,
    }
  }
  if (job.notBeforeMs !== null && job.notBeforeMs > nowMs) {
    const wait = formatDuration(job.notBeforeMs - nowMs)
    if (job.awaits !== undefined)
      return {
        code: "checkpoint_coming",
        summary: `Waits for ${job.awaits}, ${wait} more at most unless more of it comes`,
      }
    return { code: "not_before", summary: `Waits ${wait} until its next try` }
  }
  if (isThrottled) {
    return { code: "array_limit", summary: `Of its tasks ${job.array?.atOnce} run, which is as many as may at a time` }
  }
  const [obstacle] = nearest.obstacles
  if (obstacle === undefined) return { code: "starting", summary: `Starts now on ${nearest.host.name}` }
  if (possible.length === 1) {
    const isAlone = nearest.obstacles.length === 1
    const texts = toTell(nearest.obstacles).map((one) =>
      describeObstacle(one, nearest.host, job, nowMs, isAlone, nameOf),
    )
    return { code: obstacle.code, summary: `${nearest.host.name}: ${texts.join("; ")}` }
  }
  return {
    code: obstacle.code,
    summary: `Of ${possible.length} hosts it could use, ${countByKind(possible.map(({ obstacles }) => obstacles[0]?.code))}`,
  }

  function describe(one: Obstacle | undefined, host: (typeof hosts)[number]["host"]): string {
    return one === undefined ? "has room" : describeObstacle(one, host, job, nowMs)
  }
}

function distance(obstacles: readonly Obstacle[]): number {
  return kindOf(obstacles[0]?.code) * 100 + obstacles.length
}
