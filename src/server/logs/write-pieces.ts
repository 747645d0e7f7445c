import { fdatasync, fsync, writev, writevSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { dirname } from "node:path"
import { promisify } from "node:util"
import type { OpenFiles } from "./open-files.ts"

/** Bytes for one place of one file. */
export interface Write {
  readonly path: string
  readonly position: number
  readonly parts: Uint8Array[]
  bytes: number
}

/** Up to here a write into the page cache is cheaper than a way through the thread pool and back. */
const SYNC_BYTES = 256 * 1024

const fdatasyncAsync = promisify(fdatasync)
const fsyncAsync = promisify(fsync)

/** Writes everything; returns a promise when there was so much that it was left to another thread. Throws what the disk says. */
export function writeAll(writes: readonly Write[], bytes: number, files: OpenFiles): Promise<void> | undefined {
  if (bytes > SYNC_BYTES) return writeAllAsync(writes, files)
  for (const write of writes) {
    const file = files.acquire(write.path)
    try {
      for (let done = 0; done < write.bytes; )
        done += writevSync(file.fd, rest(write.parts, done), write.position + done)
    } finally {
      files.release(file)
    }
  }
  return undefined
}

async function writeAllAsync(writes: readonly Write[], files: OpenFiles): Promise<void> {
  for (const write of writes) {
    const file = files.acquire(write.path)
    try {
      for (let done = 0; done < write.bytes; ) {
        done += await writevAsync(file.fd, rest(write.parts, done), write.position + done)
      }
    } finally {
      files.release(file)
    }
  }
}

function writevAsync(fd: number, parts: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, parts, position, (error, written) => (error === null ? resolve(written) : reject(error)))
  })
}

/** What is left of `parts` after the first `done` bytes: a nearly full disk takes a part of a write. */
function rest(parts: readonly Uint8Array[], done: number): readonly Uint8Array[] {
  if (done === 0) return parts
  const left: Uint8Array[] = []
  let skip = done
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip))
    skip = Math.max(0, skip - part.length)
  }
  return left
}

/** Makes these files of `folder` durable, their names included. Files that are gone by now are passed over. */
export async function syncFiles(paths: readonly string[], folder: string, files: OpenFiles): Promise<void> {
  if (paths.length === 0) return
  for (const path of paths) {
    const file = files.acquireExisting(path)
    if (file === undefined) continue
    try {
      await fdatasyncAsync(file.fd)
    } finally {
      files.release(file)
    }
  }
  await syncFolder(folder)
  await syncFolder(dirname(folder))
}

async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path)
    await fsyncAsync(handle.fd)
  } finally {
    await handle?.close()
  }
}
