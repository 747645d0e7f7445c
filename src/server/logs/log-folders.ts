/** How the logs of all attempts lie on the disk: `SHARD/JOB.NUMBER/`, of members but the main one `SHARD/JOB.NUMBER.RANK/`, a shard for each thousand jobs. */
import { readdirSync, rmdirSync, statSync } from "node:fs"
import { join } from "node:path"
import type { JobId } from "../../protocol/ids.ts"
import type { Slices } from "../../workspace/slices.ts"

const SHARD_JOBS = 1000

/** Where the log of an attempt lies. */
export function logFolder(root: string, job: JobId, number: number, rank = 0): string {
  return join(root, String(Math.floor(job / SHARD_JOBS)), rank === 0 ? `${job}.${number}` : `${job}.${number}.${rank}`)
}

/** Logs of jobs with numbers from `first` to just before `end`. */
export interface Shard {
  readonly path: string
  readonly first: number
  readonly end: number
}

/** Those that have a folder, in order. */
export function shardsIn(root: string): Shard[] {
  return namesIn(root)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ path: join(root, name), first: Number(name) * SHARD_JOBS, end: (Number(name) + 1) * SHARD_JOBS }))
    .sort((a, b) => a.first - b.first)
}

/** The attempts of a shard that have a log. */
export function logsIn({ path }: Shard): { readonly job: JobId; readonly number: number; readonly rank: number }[] {
  return namesIn(path).flatMap((name) => {
    const [, job, number, rank = 0] = /^(\d+)\.(\d+)(?:\.(\d+))?$/.exec(name) ?? []
    return job === undefined ? [] : [{ job: Number(job) as JobId, number: Number(number), rank: Number(rank) }]
  })
}

/** Removes the folder of a shard with nothing in it. */
export function removeIfEmpty({ path }: Shard): void {
  if (namesIn(path).length > 0) return
  try {
    rmdirSync(path)
  } catch {
    // Somebody's log was begun in it just now.
  }
}

/** Bytes of all logs. Looks at every file, in slices. */
export async function logsBytes(root: string, slices: Slices): Promise<number> {
  let bytes = 0
  for (const shard of shardsIn(root)) {
    for (const name of namesIn(shard.path)) {
      const folder = join(shard.path, name)
      for (const file of namesIn(folder)) bytes += statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0
      if (slices.spent) await slices.breathe()
    }
  }
  return bytes
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return []
    throw error
  }
}
