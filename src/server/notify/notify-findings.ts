import { formatDuration } from "../../base/duration.ts"
import type { DoctorFinding } from "../../protocol/api.ts"
import { targetText } from "../../protocol/notify-target.ts"
import type { TargetRecord } from "../../store/notify-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { targetView } from "./targets.ts"

/** What `doctor` says of targets that take no messages: to their users, and to administrators, who may have to allow it. */
export function notifyFindings(core: Core, viewer: Viewer): DoctorFinding[] {
  const targets = [...core.notify.all()]
  return targets
    .filter(({ user, failingSince }) => failingSince !== null && (viewer.role === "admin" || user === viewer.user))
    .map((record) => findingOf(core, record, viewer))
}

function findingOf(core: Core, record: TargetRecord, viewer: Viewer): DoctorFinding {
  const view = targetView(core, record)
  const whose = record.user === viewer.user ? "your" : `${record.user}'s`
  const forMs = Math.max(0, core.clock.now() - (record.failingSince ?? 0))
  const lost = view.dropped === 0 ? "" : `, ${view.dropped} were given up`
  return {
    subject: "server",
    code: "notify_failing",
    level: "warning",
    text: `${whose} ${targetText(view)} has taken no message for ${formatDuration(forMs)}: ${view.problem}; ${view.waiting} wait${lost}`,
    fix: record.user === viewer.user ? `windfall notify test; to let it be: windfall notify rm ${view.id}` : null,
  }
}
