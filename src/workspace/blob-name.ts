import { readdirSync } from "node:fs"
import { type BlobHash, isBlobHash } from "../protocol/ids.ts"
import { errorCode } from "./disk-error.ts"
import type { Slices } from "./slices.ts"

/** Where a blob lies in a folder of blobs: `ab/cdef….BYTES`. */
export function blobPath(hash: BlobHash, bytes: number): string {
  return `${hash.slice(0, 2)}/${hash.slice(2)}.${bytes}`
}

/** The blob that lies in `folder` under this name; `undefined` when it is none. */
export function readBlobName(folder: string, name: string): { hash: BlobHash; bytes: number } | undefined {
  const hash = folder + name.slice(0, 62)
  const bytes = Number(name.slice(63))
  if (name[62] !== "." || !isBlobHash(hash) || !Number.isSafeInteger(bytes)) return undefined
  return { hash, bytes }
}

/** Whether blobs lie in a folder of this name. */
export function isBlobFolderName(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name)
}

/** Bytes of all blobs in a folder that nobody has opened. Reads names alone, in slices. */
export async function blobBytesIn(root: string, slices: Slices): Promise<number> {
  let total = 0
  for (const folder of namesIn(root).filter(isBlobFolderName)) {
    for (const name of namesIn(`${root}/${folder}`)) total += readBlobName(folder, name)?.bytes ?? 0
    if (slices.spent) await slices.breathe()
  }
  return total
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return []
    throw error
  }
}
