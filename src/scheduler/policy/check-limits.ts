import type { Path, Report } from "../described/codec.ts"
import type { Limits } from "../limits/limits.ts"

/** What every job needs some of. */
const NEEDED = ["cpu", "memory"] as const
const ONE_OF = ["cpu"] as const

/** Reports limits of one layer that no job could ever meet, each by itself. */
export function checkLimits(limits: Limits, path: Path, report: Report): void {
  const { job = {} } = limits
  for (const scope of ["group", "user", "account"] as const) {
    for (const [name, most] of [
      ["running-jobs", limits[scope]?.runningJobs],
      ["submitted-jobs", limits[scope]?.submittedJobs],
    ] as const) {
      if (most === 0) report([...path, scope, name], nobody("no job could ever run"))
    }
    none(limits[scope]?.resources, [...path, scope, "resources"], report, ONE_OF)
  }
  none(limits.group?.minutes, [...path, "group", "minutes"], report)
  none(limits.group?.runningMinutes, [...path, "group", "running-minutes"], report)
  none(job.minutes, [...path, "job", "minutes"], report)
  none(job.resources, [...path, "job", "resources"], report, ONE_OF)
  none(job.resourcesPerHost, [...path, "job", "resources-per-host"], report, ONE_OF)
  if (limits.group?.wallMinutes === 0) report([...path, "group", "wall-time"], nobody("no job could ever run"))
  if (job.wallMinutes === 0) report([...path, "job", "wall-time"], nobody("no job ends in no time"))
  if (job.maxHosts === 0) report([...path, "job", "max-hosts"], nobody("a job needs a host"))
}

/** @param oneOf those of which a job has whole ones: less than one is none */
function none(
  amounts: Readonly<Record<string, number>> | undefined,
  path: Path,
  report: Report,
  oneOf: readonly string[] = [],
): void {
  for (const resource of NEEDED) {
    const amount = amounts?.[resource]
    if (amount === 0) report([...path, resource], nobody(`every job needs some ${resource}`))
    else if (amount !== undefined && amount < 1 && oneOf.includes(resource))
      report([...path, resource], nobody("every job needs a core"))
  }
}

/** What is wrong with a limit. */
export function nobody(why: string): string {
  return `is a limit that nobody can meet: ${why}`
}
