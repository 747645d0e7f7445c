import { execFile } from "node:child_process"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { WindfallError } from "../../protocol/errors.ts"
import { hashFile } from "../../ssh/hash-file.ts"

const run = promisify(execFile)

/**
 * Makes the one file that an agent is, from the sources of this very server, and returns its path. Named by its content:
 * servers of different versions may share the folder.
 */
export async function bundleAgent(packageRoot: string, cacheFolder: string, signal: AbortSignal): Promise<string> {
  const folder = join(cacheFolder, "agent")
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, "new-"))
  try {
    const made = join(work, "agent.mjs")
    await run(process.execPath, [join(packageRoot, "scripts/build-agent.ts"), made], { cwd: packageRoot, signal })
    const path = join(folder, `${(await hashFile(made, signal)).slice(0, 32)}.mjs`)
    await rename(made, path)
    return path
  } catch (cause) {
    signal.throwIfAborted()
    const reason = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (cause as Error).message
    throw new WindfallError("internal", `Cannot build the agent: ${reason}`, { cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
