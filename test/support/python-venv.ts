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
  try {
    await placeVenv(folder, ">=3.11", packages)
    return { python }
  } catch (error) {
    // Another process may have been quicker.
    if (existsSync(folder)) return { python }
    return { lacking: `no Python with ${packages.join(", ")}: ${whyNoVenv(error)}` }
  }
}

/**
 * Makes an environment of Python with packages from the index; it appears whole.
 * @param python as uv finds it
 * @param imports what is imported once to see that it works
 * @throws when packages, or a Python that is right for them, are out of reach
 */
export async function placeVenv(
  folder: string,
  python: string,
  packages: readonly string[],
  imports: readonly string[] = [],
): Promise<void> {
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
    const own = join(work, "bin/python")
    await run(uv, ["venv", "--quiet", "--allow-existing", "--relocatable", "--python", python, work], limits)
    await run(uv, ["pip", "install", "--quiet", "--no-cache", "--python", own, ...packages], limits)
    if (imports.length > 0) await run(own, ["-c", `import ${imports.join(", ")}`], limits)
    renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The last that uv said. */
export function whyNoVenv(error: unknown): string {
  const said = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (error as Error).message
  return said.split("\n")[0] ?? ""
}
