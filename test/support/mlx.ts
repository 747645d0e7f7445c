import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { LAB_CACHE } from "../lab/lab.ts"
import type { Found } from "./llama-cpp.ts"
import { placeVenv, whyNoVenv } from "./python-venv.ts"

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
      await placeVenv(folder, python, PACKAGES, ["mlx.core", "mlx_lm"])
    } catch (error) {
      lacking = whyNoVenv(error)
    }
  }
  // Another process may have been quicker.
  return existsSync(folder) ? found : { lacking: `no MLX: ${lacking}` }
}

/** Puts it into a home folder, where members look for it: a host of the lab may not see the clone. @param folder as it was found */
export function putMlx(home: string, folder: string): void {
  cpSync(dirname(folder), join(home, ".local/mlx"), { recursive: true, verbatimSymlinks: true })
  mkdirSync(join(home, ".local/bin"), { recursive: true })
  symlinkSync("../mlx/bin/mlx_lm.server", join(home, ".local/bin/mlx_lm.server"))
}
