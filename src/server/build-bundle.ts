import { execFile } from "node:child_process"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { WindfallError } from "../protocol/errors.ts"
import { hashFile } from "../ssh/hash-file.ts"

const run = promisify(execFile)

/** The one file that a part of Windfall becomes when it travels. */
export interface BundleOptions {
  readonly packageRoot: string
  readonly cacheFolder: string
  /** The name of its folder in the cache. */
  readonly part: string
  /** Makes it into the file that is its one argument. Below `packageRoot`. */
  readonly script: string
}

/**
 * Makes the one file from the sources of this very server, and returns its path. Named by its content: servers of
 * different versions may share the folder.
 */
export async function buildBundle(options: BundleOptions, signal: AbortSignal): Promise<string> {
  const { packageRoot, cacheFolder, part, script } = options
  const folder = join(cacheFolder, part)
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, "new-"))
  try {
    const made = join(work, "made.mjs")
    await run(process.execPath, [join(packageRoot, script), made], { cwd: packageRoot, signal })
    const path = join(folder, `${(await hashFile(made, signal)).slice(0, 32)}.mjs`)
    await rename(made, path)
    return path
  } catch (cause) {
    signal.throwIfAborted()
    const reason = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (cause as Error).message
    throw new WindfallError("internal", `Cannot build ${part}: ${reason}`, { cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
