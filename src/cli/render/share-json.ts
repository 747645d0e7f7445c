import type { UsageReport } from "../../scheduler/share-report/charge-runs.ts"
import type { ShareReport } from "../../scheduler/share-report/share-report.ts"

/** What `policy share --json` prints: docs/policy-formats.md has the format. Infinity, which JSON has not, is "inf". */
export function shareJson({ usage, fairTree, classic, jobs }: ShareReport): object {
  return {
    usage: usageJson(usage),
    fairTree: fairTree.map(({ levelFs, ...row }) => ({
      ...placed(row),
      levelFs: levelFs === Number.POSITIVE_INFINITY ? "inf" : levelFs,
    })),
    classic: classic.map(placed),
    jobs: jobs.map(({ share, ...job }) => ({ ...job, share: share === null ? null : share.join("/") })),
  }
}

function usageJson({ users, throughMs, perSecond, perPeriod, perHalfLife }: UsageReport): object {
  return {
    leftAfterSecond: perSecond,
    leftAfterPeriod: perPeriod,
    leftAfterHalfLife: perHalfLife,
    through: throughMs === null ? null : throughMs / 1000,
    users: users.map(({ path, given, runs, donated, usage }) => ({
      path: path.join("/"),
      given,
      runs: runs.map(({ fromMs, toMs, units, usageFactor }) => ({
        from: fromMs / 1000,
        to: toMs === null ? null : toMs / 1000,
        units,
        usageFactor,
      })),
      donated,
      usage,
    })),
  }
}

/** The root is `root`, as level and as row; all else is named by its path below it. */
function placed<T extends { readonly path: readonly string[]; readonly level: readonly string[] | null }>(row: T) {
  const { path, level, ...rest } = row
  return {
    path: path.length === 0 ? "root" : path.join("/"),
    name: path.at(-1) ?? "root",
    ...rest,
    level: level === null ? null : level.length === 0 ? "root" : level.join("/"),
  }
}
