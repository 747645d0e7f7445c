import * as fs from "node:fs"
import type { Clock } from "../../base/clock.ts"

/** How long others may have to wait, and how long they then have for themselves: nobody waits for the sum. */
const SLICE_MS = 10
const REST_MS = 20

export interface FolderSize {
  /** On the disk; of a file with several names its share. */
  readonly bytes: number
  /** When a file in it was last read or written, as far as the disk notes that; 0 where there is none. */
  readonly usedMs: number
}

/** Measures all below a path, however much there is, without ever holding the process up. What cannot be looked at counts as nothing. */
export async function folderSize(path: string, clock: Clock, signal: AbortSignal): Promise<FolderSize> {
  let [bytes, usedMs, until] = [0, 0, performance.now() + SLICE_MS]
  const waiting = [path]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const name of entriesOf(folder)) {
      if (performance.now() >= until) {
        await clock.sleep(REST_MS, { signal })
        until = performance.now() + SLICE_MS
      }
      const found = lookAt(`${folder}/${name}`)
      if (found === undefined) continue
      if (found.isDirectory()) waiting.push(`${folder}/${name}`)
      else {
        bytes += (found.blocks * 512) / Math.max(1, found.nlink)
        usedMs = Math.max(usedMs, found.atimeMs, found.mtimeMs)
      }
    }
  }
  return { bytes: Math.round(bytes), usedMs: Math.round(usedMs) }
}

/** Entry by entry: a folder of a million files is not read at once. */
function* entriesOf(folder: string): Generator<string> {
  let open: fs.Dir | undefined
  try {
    open = fs.opendirSync(folder)
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry.name
  } catch {
    // Closed to us, gone meanwhile, or a path too long for the system.
  } finally {
    open?.closeSync()
  }
}

function lookAt(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
