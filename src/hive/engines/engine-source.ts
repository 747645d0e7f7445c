import type { EngineName } from "../speed/host-speed.ts"
import { isOlder, KEEPS_LAYERS_SINCE } from "./mlx-models.ts"
import { MLX_BUILT_VERSION, MLX_LEAST_MACOS } from "./mlx-release.ts"

/** mlx-lm of the form that members know. */
const MLX_KNOWN_SINCE = "0.32.0"
/** Before it a ring hung for ever when one of its ranks was lost (mlx #3862, mended by #4060). */
export const RING_ENDS_SINCE = "0.32.1"

/** Releases of mlx-lm and mlx, of what the adapter reads; `null` where it is none of these. */
export function mlxReleases(version: string | null): { readonly lm: string; readonly mlx: string } | null {
  const { lm, mlx } = /^mlx-lm (?<lm>[^,]+), mlx (?<mlx>\S+)/.exec(version ?? "")?.groups ?? {}
  return lm === undefined || mlx === undefined ? null : { lm, mlx }
}

/** Where the members of a hive get their engine from: own, what lies on their hosts; built, what Windfall builds there. */
export type EngineSource = "own" | "built"

/**
 * Of llama.cpp hosts have their own. MLX is built where its members have not all the same release, or not one that does what is wanted.
 * @param versions of each member's host as it said it; `null`: none, or not known
 * @param isUneven its members have different numbers of layers
 */
export function engineSource(
  engine: EngineName,
  versions: readonly (string | null)[],
  isUneven: boolean,
): EngineSource {
  if (engine !== "mlx") return "own"
  const [first = null] = versions
  const releases = mlxReleases(first)
  if (releases === null || versions.some((version) => version !== first)) return "built"
  if (isOlder(releases.lm, MLX_KNOWN_SINCE)) return "built"
  if (versions.length === 1) return "own"
  if (isOlder(releases.mlx, RING_ENDS_SINCE)) return "built"
  return isUneven && isOlder(releases.lm, KEEPS_LAYERS_SINCE) ? "built" : "own"
}

/** Why MLX cannot be built on a host, in words; `null` where it can, as far as is known. */
export function cannotBuild(host: { readonly system: string; readonly arch: string } | null): string | null {
  if (host === null) return null
  const [, major] = /^macOS (\d+)/.exec(host.system) ?? []
  if (major === undefined) return null
  if (host.arch !== "arm64") return "there is no MLX for Macs with Intel processors"
  return Number(major) < MLX_LEAST_MACOS
    ? `${MLX_BUILT_VERSION} needs macOS ${MLX_LEAST_MACOS}, and it has ${major}`
    : null
}
