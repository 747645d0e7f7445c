import * as fs from "node:fs"
import { errorCode } from "./disk-error.ts"

/**
 * Removes a folder with all in it, never following links, whatever modes its folders have (jobs leave read-only ones, as
 * Go's module cache does). Nothing there is fine.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await fs.promises.rm(path, { recursive: true, force: true })
  } catch (error) {
    const code = errorCode(error)
    if (code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") throw error
    await openUp(path)
    await fs.promises.rm(path, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Makes every folder below writable for its owner. The removal that failed may still be at work: what it took is gone. */
async function openUp(folder: string): Promise<void> {
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  let entries: fs.Dirent[]
  try {
    await fs.promises.chmod(folder, 0o700)
    entries = await fs.promises.readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (errorCode(error) === "ENOENT") return
    throw error
  }
  for (const entry of entries) if (entry.isDirectory()) await openUp(`${folder}/${entry.name}`)
}
