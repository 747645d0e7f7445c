import * as fs from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { diskError, shownPath } from "./disk-error.ts"
import { writeFile, writeLink } from "./materialize.ts"
import { removeTree } from "./remove-tree.ts"
import { joinPath } from "./safe-path.ts"
import { Slices } from "./slices.ts"
import { decodeTree } from "./tree.ts"

export interface LayOverOptions {
  /** Paths that are left as they are, relative to `onto`. */
  readonly except?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  /** How long the event loop may be held. @default 10 */
  readonly sliceMs?: number | undefined
}

/**
 * Puts the files of a tree into the folder `onto`, which is there: in the place of what has their names, a link as little
 * followed as anything else. What the tree does not name stays. Nobody else may be at work in there. After an error it is half done.
 * @throws {WindfallError} blobs_missing (`details.missing`), disk_full, unsafe_path, corrupt_data
 */
export async function layOver(
  root: BlobHash,
  onto: string,
  blobs: BlobFolder,
  { except = [], signal, sliceMs = 10 }: LayOverOptions = {},
): Promise<void> {
  const slices = new Slices(sliceMs, signal)
  const kept = new Set(except)
  const fill = async (path: string, below: string, folder: BlobHash): Promise<void> => {
    for (const entry of decodeTree(blobs.readSync(folder))) {
      if (slices.spent) await slices.breathe()
      const relative = joinPath(below, entry.name)
      if (kept.has(relative)) continue
      const at = `${path}/${entry.name}`
      const there = fs.lstatSync(at, { throwIfNoEntry: false })
      if (entry.kind !== "folder") {
        if (there !== undefined) await removeTree(at)
        if (entry.kind === "link") writeLink(at, entry)
        else await writeFile(at, entry, blobs, slices)
        continue
      }
      if (there?.isDirectory() === true) fs.chmodSync(at, 0o700)
      else {
        if (there !== undefined) await removeTree(at)
        makeFolder(at)
      }
      await fill(at, relative, entry.hash)
      fs.chmodSync(at, entry.mode)
    }
  }
  await fill(onto, "", root)
}

function makeFolder(path: string): void {
  try {
    fs.mkdirSync(path, 0o700)
  } catch (error) {
    throw diskError(error, `write ${shownPath(path)}`)
  }
}
