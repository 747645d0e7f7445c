import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobId } from "../../protocol/ids.ts"
import { PlanReport } from "../../scheduler/queue/plan-report.ts"
import type { QueueEntry, QueuePlan } from "../../scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { entryText, reasonText } from "../../scheduler/queue/reason-text.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { gangNote, hostAnswers } from "../gang/gang-answer.ts"
import { currentPolicy, policyHolds } from "../policy/pool-policy.ts"
import { type Gate, gateOf } from "./gate.ts"
import { namesOf } from "./job-names.ts"
import { refusalOf } from "./who-of.ts"

type Answer = Pick<WhyAnswer, "summary" | "code" | "hosts">

/**
 * What keeps a job out of the queue, in words; `null`: nothing. That it may not run at all, as the policy stands, is said before what may pass.
 */
export function gateReason(
  core: Core,
  job: JobRecord,
  nowMs: number,
): { readonly code: string; readonly text: string } | null {
  const gate: Gate = gateOf(core, job, nowMs)
  if (gate.state === "open") return null
  const text = reasonText(gate.reason, nowMs)
  const refusal = gate.state === "shut" && policyHolds(core) ? refusalOf(currentPolicy(core), job) : null
  if (refusal === null) return { code: gate.reason.code, text }
  return { code: "not_allowed", text: `${refusal} (${text})` }
}

/** The same as an answer. */
export function gateAnswer(core: Core, job: JobRecord, nowMs: number): Omit<Answer, "hosts"> | null {
  const reason = gateReason(core, job, nowMs)
  return reason === null ? null : { summary: sentence(reason.text), code: reason.code }
}

/** Behind the reason of who waits for what its last attempt wrote: which that was, and where it comes from. Empty for others. */
export function awaitedText(core: Core, job: JobId, code: string): string {
  const awaits = core.table.waitingJob(job)?.awaits
  return code !== "checkpoint_coming" || awaits === undefined ? "" : ` (${awaits})`
}

/** What the plan has for a job, and host by host what keeps it off. */
export function planAnswer(
  core: Core,
  { spec }: Pick<JobRecord, "spec">,
  scene: QueueScene,
  plan: QueuePlan,
  entry: QueueEntry,
  report = new PlanReport(scene, plan, namesOf(core)),
): Answer {
  const names = new Map<string, string>(scene.hosts.map(({ id, name }) => [id, name]))
  const hosts = hostAnswers(report, entry)
  const note = spec.gang === undefined ? "" : gangNote(core, spec.gang.hosts, entry, hosts)
  return {
    summary: sentence(entryText(entry, plan.nowMs, (id) => names.get(id) ?? id, namesOf(core))) + note,
    code: entry.reason?.code ?? "starting",
    hosts,
  }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
