import type { Path, Report } from "../described/codec.ts"
import type { Limits } from "../limits/limits.ts"

/** What every job needs some of. */
const NEEDED = ["cpu", "memory"] as const

/** Reports limits of one layer that no job could ever meet. */
export function checkLimits(limits: Limits, path: Path, report: Report): void {
  const { job = {} } = limits
  for (const scope of ["group", "user", "account"] as const) {
    for (const [name, most] of [
      ["running-jobs", limits[scope]?.runningJobs],
      ["submitted-jobs", limits[scope]?.submittedJobs],
    ] as const) {
      if (most === 0) report([...path, scope, name], nobody("no job could ever run"))
    }
    none(limits[scope]?.resources, [...path, scope, "resources"], report)
    for (const [resource, least] of Object.entries(job.minResources ?? {})) {
      const most = limits[scope]?.resources?.[resource]
      if (most !== undefined && most < least) {
        report(
          [...path, scope, "resources", resource],
          nobody(`each job needs ${least} by job.min-resources, and all together may have ${most}`),
        )
      }
    }
  }
  none(job.resources, [...path, "job", "resources"], report)
  none(job.resourcesPerHost, [...path, "job", "resources-per-host"], report)
  if (limits.group?.wallMinutes === 0) report([...path, "group", "wall-time"], nobody("no job could ever run"))
  if (job.wallMinutes === 0) report([...path, "job", "wall-time"], nobody("no job ends in no time"))
  if (job.maxHosts === 0) report([...path, "job", "max-hosts"], nobody("a job needs a host"))
  if (job.minHosts !== undefined && job.maxHosts !== undefined && job.minHosts > job.maxHosts) {
    report([...path, "job", "min-hosts"], nobody(`min-hosts is ${job.minHosts} and max-hosts ${job.maxHosts}`))
  }
  for (const [resource, least] of Object.entries(job.minResources ?? {})) {
    const most = job.resources?.[resource]
    if (most !== undefined && least > most) {
      report([...path, "job", "min-resources", resource], nobody(`the least is ${least} and the most ${most}`))
    }
  }
}

function none(amounts: Readonly<Record<string, number>> | undefined, path: Path, report: Report): void {
  for (const resource of NEEDED) {
    if (amounts?.[resource] === 0) report([...path, resource], nobody(`every job needs some ${resource}`))
  }
}

function nobody(why: string): string {
  return `is a limit that nobody can meet: ${why}`
}
