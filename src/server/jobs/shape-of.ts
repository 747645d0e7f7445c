import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { largeWorkspace } from "./large-workspace.ts"
import { countedResources } from "./learned.ts"

/** What decides where a job may run. */
export function shapeOf(
  job: Pick<JobRecord, "user" | "spec" | "learned">,
): Omit<WaitingJob, "id" | "notBeforeMs" | "awaits" | "crashes"> {
  const { user, spec } = job
  return {
    user,
    resources: countedResources(job),
    partition: spec.partition,
    hostWanted: spec.host,
    hasSecrets: spec.secrets.length > 0,
    data: spec.data.map(({ name, root, bytes }) => ({ name, root, bytes })),
    workspace: largeWorkspace(spec),
    ...(spec.gang === undefined ? {} : { hosts: spec.gang.hosts }),
    ...(spec.queue?.booking == null ? {} : { booking: spec.queue.booking }),
  }
}
