import { access, constants, opendir } from "node:fs/promises"
import { join } from "node:path"

/** A look at each on a slow share takes milliseconds, and a job waits for it. */
const LOOKED_AT = 300
const OF_EACH_FOLDER = 40
const LOOK_MS = 2_000

/**
 * What this account may write of a folder: the folder itself, or the first found of a sample of what is in it, level by level;
 * `null` when nothing was found. What a link leads to is not looked at. A mode that the account could change itself counts as
 * it is: it keeps from slips, not from harm.
 */
export async function writableThere(folder: string, mayWrite = mayWriteAt): Promise<string | null> {
  const untilMs = performance.now() + LOOK_MS
  if (await mayWrite(folder)) return folder
  const folders = [folder]
  let looks = 0
  for (let at = folders.shift(); at !== undefined; at = folders.shift()) {
    let here = 0
    try {
      for await (const entry of await opendir(at)) {
        if (looks >= LOOKED_AT || performance.now() > untilMs) return null
        if (!entry.isFile() && !entry.isDirectory()) continue
        if (++here > OF_EACH_FOLDER) break
        looks++
        const path = join(at, entry.name)
        if (await mayWrite(path)) return path
        if (entry.isDirectory()) folders.push(path)
      }
    } catch {
      // What may not be read, or is just going, is none that jobs could use.
    }
  }
  return null
}

/** By what the system says: modes, access lists, a volume mounted read-only. */
async function mayWriteAt(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
