import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { largeWorkspace } from "./large-workspace.ts"

/** What decides where a job may run. */
export function shapeOf({ user, spec }: Pick<JobRecord, "user" | "spec">): Omit<WaitingJob, "id" | "notBeforeMs"> {
  return {
    user,
    resources: spec.resources,
    partition: spec.partition,
    hostWanted: spec.host,
    hasSecrets: spec.secrets.length > 0,
    data: spec.data.map(({ name, root, bytes }) => ({ name, root, bytes })),
    workspace: largeWorkspace(spec),
  }
}
