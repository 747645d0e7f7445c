import { execFile } from "node:child_process"
import { cpSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { pythonIndex } from "../../src/ssh/python-index.ts"
import { LAB_CACHE } from "../lab/lab.ts"
import type { Found } from "./llama-cpp.ts"
import { placeUv, UV_PATH } from "./python-index.ts"

const run = promisify(execFile)
const FETCH_MS = 300_000
const SYSTEM_PYTHON = "/usr/bin/python3"
/** On Linux mlx alone comes without its library. */
const PACKAGES = process.platform === "linux" ? ["mlx[cpu]", "mlx-lm>=0.32"] : ["mlx-lm>=0.32"]
/**
 * That of the system first: accounts of simulated hosts cannot read what lies in a home. By its whole name: on simulated Macs, as on others,
 * `/usr/bin/python3` only offers to fetch developer tools.
 */
const PYTHONS = [...(existsSync(SYSTEM_PYTHON) ? [realpathSync(SYSTEM_PYTHON)] : []), ">=3.11"]

/** The real MLX: put into the clone's cache once, what the index has then. Never throws: without an index, or a Python for it, tests are left out. */
export async function findMlx(): Promise<Found> {
  const folder = join(LAB_CACHE, "engines/mlx")
  const found: Found = { folder: join(folder, "bin") }
  let lacking = ""
  for (const python of PYTHONS) {
    if (existsSync(folder)) return found
    try {
      await place(folder, python)
    } catch (error) {
      lacking = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (error as Error).message
    }
  }
  // Another process may have been quicker.
  return existsSync(folder) ? found : { lacking: `no MLX: ${lacking.split("\n")[0]}` }
}

/** It appears whole. @throws when packages, or a Python that is right for them, are out of reach */
async function place(folder: string, python: string): Promise<void> {
  const work = `${folder}.${process.pid}`
  try {
    await placeUv(LAB_CACHE)
    mkdirSync(work, { recursive: true })
    const uv = join(LAB_CACHE, UV_PATH)
    const env = {
      ...process.env,
      UV_DEFAULT_INDEX: pythonIndex(process.env).url,
      UV_PYTHON_DOWNLOADS: "never",
      UV_NO_CONFIG: "1",
      UV_NO_PROGRESS: "1",
    }
    const limits = { env, timeout: FETCH_MS }
    const own = join(work, "bin/python")
    await run(uv, ["venv", "--quiet", "--allow-existing", "--relocatable", "--python", python, work], limits)
    await run(uv, ["pip", "install", "--quiet", "--no-cache", "--python", own, ...PACKAGES], limits)
    await run(own, ["-c", "import mlx.core, mlx_lm"], limits)
    renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Puts it into a home folder, where members look for it: a host of the lab may not see the clone. @param folder as it was found */
export function putMlx(home: string, folder: string): void {
  cpSync(dirname(folder), join(home, ".local/mlx"), { recursive: true, verbatimSymlinks: true })
  mkdirSync(join(home, ".local/bin"), { recursive: true })
  symlinkSync("../mlx/bin/mlx_lm.server", join(home, ".local/bin/mlx_lm.server"))
}
