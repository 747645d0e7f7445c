import type { OwnerObstacle, Scene } from "../../presence/obstacle.ts"
import type { AgentContext } from "../agent-context.ts"
import type { OwnerProbe } from "./owner-probe.ts"
import type { Said } from "./said.ts"
import type { SetYielding } from "./yield-trees.ts"

/** With what a host is watched for its owner's sake. */
export interface OwnerWatchOptions {
  readonly context: AgentContext
  readonly said: Said
  /** `null`: nobody is looked for on this host. */
  readonly probe: OwnerProbe | null
  readonly setYielding: SetYielding
  readonly jobsAccount: string
  readonly memoryBytes: number
  readonly timeZone: string
  /** After each step, with what it found. */
  readonly onStep: (scene: Scene, obstacles: readonly OwnerObstacle[]) => void
}
