import { readFileSync } from "node:fs"
import { engineSource } from "../../hive/engines/engine-source.ts"
import { MLX_PYTHON } from "../../hive/engines/mlx-release.ts"
import { versionOn } from "../../hive/fleet/engine-hosts.ts"
import type { EnvironmentSpec } from "../../protocol/environment.ts"
import type { EngineKind, ReplicaPlan } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { engineHosts } from "./engine-hosts.ts"

/** What an engine is built from on the hosts of a hive: an environment like that of any job. */
export interface EnginePackages {
  /** Its name in the workspace. */
  readonly file: string
  readonly text: string
  readonly environment: EnvironmentSpec
  /** Where uv gets them. */
  readonly env: Readonly<Record<string, string>>
}

const FILE = "mlx-packages.txt"
const SOURCE = new URL(`../../hive/engines/${FILE}`, import.meta.url)

/**
 * What the members of a plan need built; `null`: their hosts have their engine.
 * @param packageIndex where it comes from; `null`: where the host's account has packages come from
 */
export function enginePackages(
  core: Core,
  engine: EngineKind,
  plan: ReplicaPlan,
  packageIndex: string | null,
): EnginePackages | null {
  const hosts = engineHosts(core)
  const versions = plan.members.map(({ hostName }) => versionOn(hosts, hostName, engine))
  const isUneven = plan.mode === "pipeline" && new Set(plan.members.map(({ layers }) => layers)).size > 1
  if (engineSource(engine, versions, isUneven) === "own") return null
  return {
    file: FILE,
    text: readFileSync(SOURCE, "utf8"),
    environment: { kind: "requirements.txt", files: [FILE], python: MLX_PYTHON, with: [], setup: [] },
    env: packageIndex === null ? {} : { UV_DEFAULT_INDEX: packageIndex },
  }
}
