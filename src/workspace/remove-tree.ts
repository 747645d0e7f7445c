import * as fs from "node:fs"
import { errorCode } from "./disk-error.ts"

/** How much longer than the root's own path may get before a folder is moved up: with the root below what systems take. */
const FAR_BYTES = 512
const MENDABLE: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "ENOTEMPTY", "ENAMETOOLONG"])

/**
 * Removes a folder with all in it, never following links, whatever modes its folders have (jobs leave read-only ones, as
 * Go's module cache does) and however deep they are nested. Nothing there is fine.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await fs.promises.rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!MENDABLE.has(errorCode(error))) throw error
    await openUp(path, path)
    await fs.promises.rm(path, { recursive: true, force: true, maxRetries: 3 })
  }
}

/**
 * Makes every folder below writable for its owner, and moves those up whose paths would get longer than a system call
 * takes. The removal that failed may still be at work: what it took is gone.
 */
async function openUp(folder: string, root: string): Promise<void> {
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  let entries: fs.Dirent[]
  try {
    await fs.promises.chmod(folder, 0o700)
    entries = await fs.promises.readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (errorCode(error) === "ENOENT") return
    throw error
  }
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const path = `${folder}/${entry.name}`
    if (Buffer.byteLength(path) - Buffer.byteLength(root) <= FAR_BYTES) await openUp(path, root)
    else await moveUp(path, root)
  }
}

async function moveUp(path: string, root: string): Promise<void> {
  let number = 0
  while (fs.lstatSync(`${root}/deep-${number}`, { throwIfNoEntry: false }) !== undefined) number++
  const above = `${root}/deep-${number}`
  try {
    await fs.promises.chmod(path, 0o700) // a folder's own `..` is written
    await fs.promises.rename(path, above)
  } catch (error) {
    if (errorCode(error) === "ENOENT") return
    throw error
  }
  await openUp(above, root)
}
