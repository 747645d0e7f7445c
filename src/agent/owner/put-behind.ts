import { execFile } from "node:child_process"
import { promisify } from "node:util"
import type { SetYielding } from "./yield-trees.ts"

const execute = promisify(execFile)
const TIMEOUT_MS = 5_000

/**
 * taskpolicy(8): `-b` puts a process into the background, where it has the efficiency cores and what is left of the disk, and `-B` takes
 * it out again; what it starts inherits it. Nothing of this is about the GPU.
 * @param root in front of its path, for tests
 */
export function taskpolicy(root: string): SetYielding {
  return async (pids, yields) => {
    let done = 0
    let reason: unknown
    for (const pid of pids) {
      try {
        await execute(`${root}/usr/sbin/taskpolicy`, [yields ? "-b" : "-B", "-p", String(pid)], {
          timeout: TIMEOUT_MS,
          env: { LC_ALL: "C", PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
        })
        done++
      } catch (error) {
        // One that has just ended is no failure, if others can be told.
        reason = error
      }
    }
    if (done === 0 && reason !== undefined) throw reason
  }
}

/** Where a process that steps back cannot be brought forward again without rights. */
export const CANNOT_YIELD: SetYielding = async () => {
  throw new Error("this system has no way back from it")
}
