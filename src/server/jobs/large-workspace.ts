import type { JobSpec } from "../../protocol/job.ts"
import { LARGE_WORKSPACE_BYTES } from "../../protocol/network.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"

/** A job's folder, where it is so large that it matters over what it comes. */
export function largeWorkspace({
  workspace,
  workspaceBytes = 0,
}: JobSpec): NonNullable<WaitingJob["workspace"]> | null {
  return workspace === null || workspaceBytes < LARGE_WORKSPACE_BYTES
    ? null
    : { root: workspace, bytes: workspaceBytes }
}
