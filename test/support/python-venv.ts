import { execFile } from "node:child_process"
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { pythonIndex } from "../../src/ssh/python-index.ts"
import { LAB_CACHE } from "../lab/lab.ts"
import { placeUv, UV_PATH } from "./python-index.ts"

const run = promisify(execFile)
const FETCH_MS = 400_000

/** A Python with packages, or why there is none. */
export type FoundVenv = { readonly python: string } | { readonly lacking: string }

/**
 * An environment of Python in the clone's cache, made once from packages that are pinned; other pins are another one. Never throws: without an
 * index, or a Python for it, tests are left out.
 * @param name says its pins, too
 */
export async function findVenv(name: string, packages: readonly string[]): Promise<FoundVenv> {
  const folder = join(LAB_CACHE, "venvs", name)
  const python = join(folder, "bin/python")
  if (existsSync(folder)) return { python }
  const work = `${folder}.${process.pid}`
  const env = {
    ...process.env,
    UV_DEFAULT_INDEX: pythonIndex(process.env).url,
    UV_PYTHON_DOWNLOADS: "never",
    UV_NO_CONFIG: "1",
    UV_NO_PROGRESS: "1",
  }
  try {
    await placeUv(LAB_CACHE)
    mkdirSync(work, { recursive: true })
    const uv = join(LAB_CACHE, UV_PATH)
    const limits = { env, timeout: FETCH_MS }
    await run(uv, ["venv", "--quiet", "--allow-existing", "--relocatable", "--python", ">=3.11", work], limits)
    await run(
      uv,
      ["pip", "install", "--quiet", "--no-cache", "--python", join(work, "bin/python"), ...packages],
      limits,
    )
    renameSync(work, folder)
    return { python }
  } catch (error) {
    // Another process may have been quicker.
    if (existsSync(folder)) return { python }
    const said = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (error as Error).message
    return { lacking: `no Python with ${packages.join(", ")}: ${said.split("\n")[0]}` }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
