import { mkdir, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"

/**
 * Makes room in the folder where an engine keeps weights that were sent to it: no engine removes any. Those that were not used for longest go
 * first. A folder that cannot be read is left alone.
 */
export async function boundKept(folder: string, mostBytes: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const all = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const found = await stat(path).catch(() => null)
      return found?.isFile() ? { path, bytes: found.size, usedMs: Math.max(found.atimeMs, found.mtimeMs) } : null
    }),
  )
  const files = all.filter((file) => file !== null).toSorted((a, b) => b.usedMs - a.usedMs)
  let bytes = 0
  for (const file of files) {
    bytes += file.bytes
    if (bytes > mostBytes) await rm(file.path, { force: true })
  }
}
