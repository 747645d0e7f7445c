import type { HostDisk } from "../../protocol/host-disk.ts"
import type { AgentContext } from "../agent-context.ts"
import { DataPart } from "./data-part.ts"
import { DiskKeeper } from "./disk-keeper.ts"
import { DiskLimit } from "./disk-limit.ts"
import { DiskWatch, diskOf } from "./disk-watch.ts"
import { EnvironmentPart } from "./environment-part.ts"
import { MeasuredPart } from "./measured-part.ts"
import { WorkspacePart } from "./workspace-part.ts"

type Kept = Pick<AgentContext, "folder" | "clock" | "cache" | "data" | "environments" | "trash" | "attempts">

/** Puts together what keeps all of an agent's things within the budget of its disk. */
export function keepDisk(
  context: Kept & {
    readonly onChange: (disk: HostDisk) => void
    readonly onProblem: (error: unknown) => void
  },
): Pick<AgentContext, "disk" | "diskWatch" | "diskLimit"> {
  const { folder, clock, cache, data, environments, trash, attempts, onChange, onProblem } = context
  const measured = new MeasuredPart({ folder, environments, attempts, trash, clock })
  const parts = [
    new WorkspacePart(cache, attempts),
    new DataPart(data, attempts),
    new EnvironmentPart(environments, attempts, trash),
    measured,
  ]
  const diskLimit = new DiskLimit(folder.diskLimit)
  const disk = new DiskKeeper({ parts, disk: () => diskOf(folder.base), limit: diskLimit, onChange })
  return { disk, diskLimit, diskWatch: new DiskWatch({ keeper: disk, measured, clock, onProblem }) }
}
