import type { Cause, Verdict } from "../../protocol/job-state.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { goesTaskByTask, lookAtTasks } from "../arrays/correspond.ts"
import { endUnbegun, settleArray } from "../arrays/settle-array.ts"
import type { Core } from "../core.ts"
import { NO_OUTPUTS } from "../jobs/close-attempt.ts"
import { transition } from "../jobs/transition.ts"
import { earlier, type GateReason, gateOf, namesakesOf } from "./gate.ts"
import { setStanding } from "./standing.ts"

/**
 * Lets jobs into the queue whose time has come or whose dependency is met, takes others out, and ends those that can never run any more,
 * which may touch others in turn. Within a change. Returns when to look again although nothing happened, or `null`.
 */
export function lookAtGates(core: Core): number | null {
  const { gates } = core.table
  const now = core.clock.now()
  for (let due = gates.takeDue(now); due.length > 0; due = gates.takeDue(now)) {
    for (const id of due) {
      const job = core.table.live(id)
      if (job !== undefined) look(core, job, now)
    }
  }
  core.ledger.afterCommit(() => gates.forgetEndedTasks())
  return gates.nextMs
}

function look(core: Core, job: JobRecord, now: number): void {
  if (job.state !== "held" && job.state !== "queued") return
  const dueMs = goesTaskByTask(job)
    ? lookAtTasks(core, job, core.table.gates.takeTouched(job.id), { namesakes: namesakesOf(core, job), nowMs: now })
    : null
  if (job.state !== "held" && job.state !== "queued") return
  const gate = gateOf(core, job, now)
  if (gate.state === "over") {
    endUnrun(core, job, gate.reason, now)
    return
  }
  if (gate.state === "open" && job.state === "held") {
    // Its waiting counts from here, as what kept it out was not the others.
    if (job.array === undefined || job.startedAt === null) setStanding(core, job, { waitsSince: now })
    transition(core, job, "queued")
  } else if (gate.state === "shut" && job.state === "queued") {
    transition(core, job, "held", { reason: reasonText(gate.reason, now) })
  }
  core.table.gates.lookAt(job.id, earlier(gate.untilMs, dueMs))
}

/** It has not run and will not, or not again. */
function endUnrun(core: Core, job: JobRecord, reason: GateReason, now: number): void {
  if (job.array !== undefined) {
    const text = reasonText(reason, now)
    job.reason = text
    endUnbegun(core, job, job.array.all, reason.code === "deadline" ? "deadline" : "dependency_failed", text)
    settleArray(core, job)
    return
  }
  const [state, cause]: [Verdict["state"], Cause] =
    reason.code === "deadline" ? ["timed_out", "deadline"] : ["failed", "dependency_failed"]
  job.verdict = { state, cause, exitCode: null, signal: null }
  job.outputs = NO_OUTPUTS
  transition(core, job, state, { cause, reason: reasonText(reason, now) })
}
