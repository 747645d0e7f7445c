import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { EnvironmentSpec } from "../../src/protocol/environment.ts"
import { fetchFromIndex, pythonIndex } from "../../src/ssh/python-index.ts"
import { LAB_CACHE, type LabHost } from "../lab/lab.ts"
import { placeUv } from "../support/python-index.ts"
import type { Ground } from "./ground.ts"

const WHEELS = [
  { name: "iniconfig", version: "2.0.0", file: "iniconfig-2.0.0-py3-none-any.whl" },
  { name: "six", version: "1.16.0", file: "six-1.16.0-py2.py3-none-any.whl" },
] as const
const FETCH_MS = 15_000

/** Says that it is a built environment's Python, and has all that was asked for. */
export const PYTHON_PROGRAM =
  "import iniconfig, six, sys; print(sys.prefix.rsplit(chr(47))[-1], iniconfig.IniConfig.__name__, six.__version__)"
export const PYTHON_SAYS = "venv IniConfig 1.16.0\n"

/** Brings what hosts build environments from, where each finds it without a network. @throws where no index is in reach */
export async function bringPackages(ground: Ground): Promise<void> {
  const cache = join(LAB_CACHE, "wheels")
  mkdirSync(cache, { recursive: true })
  for (const { name, file } of WHEELS) {
    const path = join(cache, file)
    if (!existsSync(path)) {
      writeFileSync(
        `${path}.new`,
        await fetchFromIndex(pythonIndex(process.env), name, file, AbortSignal.timeout(FETCH_MS)),
      )
      renameSync(`${path}.new`, path)
    }
    for (const host of ground.pool.hosts) copyFileSync(path, ground.ledger(host, file).outside)
  }
  await placeUv(ground.pool.scratch.at("cache"))
  await Promise.all(ground.pool.hosts.map((host) => build(ground, host)))
}

async function build(ground: Ground, host: LabHost): Promise<void> {
  const { id } = await ground.pool.submit({ ...inEnvironment(ground, host, "first"), command: ["true"] })
  const { state, reason } = await ground.pool.awaitJob(id)
  if (state !== "succeeded") throw new Error(`${host.name}: ${reason}`)
}

/** What a job says that runs in an environment on this host; each `mark` is one of its own. */
export function inEnvironment(ground: Ground, host: LabHost, mark: string) {
  const environment: EnvironmentSpec = {
    kind: "packages",
    files: [],
    python: null,
    with: WHEELS.map(({ name, version }) => `${name}==${version}`),
    setup: [`: ${mark}`],
  }
  const env = { UV_OFFLINE: "1", UV_NO_INDEX: "1", UV_FIND_LINKS: ground.ledger(host, "").inside }
  return { host: host.name, environment, env }
}
