import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { AheadView, ExpectedStart } from "../../protocol/queue-order.ts"
import { explain } from "../../scheduler/explain.ts"
import { expectedStart } from "../../scheduler/queue/expected-start.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import { PlanReport } from "../../scheduler/queue/plan-report.ts"
import { PresenceCounts } from "../../scheduler/queue/presence-counted.ts"
import type { QueueEntry, QueuePlan } from "../../scheduler/queue/queue-plan.ts"
import type { QueueJob, QueueScene } from "../../scheduler/queue/queue-scene.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { countedText } from "../forecast/counted-text.ts"
import { preemptedText } from "../jobs/again-text.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { withKeptOut } from "../policy/kept-out.ts"
import { policyHolds } from "../policy/pool-policy.ts"
import { namesOf } from "./job-names.ts"
import { awaitedText, gateAnswer, planAnswer } from "./plan-answer.ts"
import { plansByQueue, sceneNow } from "./scene-now.ts"
import { snapshotOf } from "./snapshot.ts"
import { soonerWays } from "./sooner.ts"

const MOST_AHEAD = 10

/**
 * Why a job waits, with all that follows from the plan; `undefined` when it does not.
 * @param brief without what takes more plans than one: expected start, what would help
 * @param viewer who asks: of people's habits not everybody is told the same
 */
export function whyWaits(core: Core, job: JobRecord, brief = false, viewer?: Viewer): WhyAnswer | undefined {
  const nowMs = core.clock.now()
  if (job.state === "held") {
    const gate = gateAnswer(core, job, nowMs) ?? { summary: "It joins the queue now", code: "starting" }
    const answer = { job: job.id, ...gate, place: null, hosts: [] }
    if (brief || (gate.code !== "begin_time" && gate.code !== "not_allowed")) return answer
    const scene = withKeptOut(core, sceneNow(core, nowMs))
    const entry = planQueue(scene, nowMs, { estimates: true }).entries.find((one) => one.job === job.id)
    return entry === undefined ? answer : { ...answer, expected: expectedFor(core, scene, nowMs, entry, viewer) }
  }
  if (job.state !== "queued") return undefined
  const byPolicy = plansByQueue(core)
  // First come, first served has words of its own.
  const turn = byPolicy ? undefined : explain(snapshotOf(core), nowMs, job.id, namesOf(core))
  if (turn !== undefined && (brief || turn.code === "never_fits" || turn.code === "rules_forbid")) return turn
  const scene = sceneNow(core, nowMs)
  const plan = planQueue(scene, nowMs, { estimates: !brief, untried: brief })
  const entry = plan.entries.find((one) => one.job === job.id)
  if (entry === undefined) return turn
  const shared = {
    ahead: byPolicy ? aheadOf(core, scene, plan, entry) : aheadByTurn(core, scene, job.id),
    ...(brief
      ? {}
      : { expected: expectedFor(core, scene, nowMs, entry, viewer), sooner: soonerWays(core, scene, job.id, nowMs) }),
  }
  if (!byPolicy) return turn === undefined ? undefined : { ...turn, ...shared }
  const report = new PlanReport(scene, plan, namesOf(core))
  const { priority, rows } = report.priorityOf(entry)
  const { summary, code, hosts } = planAnswer(core, job, scene, plan, entry, report)
  // Briefly it is only asked for what it waits for now, and this stands beside that.
  const preempted = brief ? null : preemptedText(job)
  const before = preempted === null ? "" : `; it was ${preempted}`
  return {
    job: job.id,
    summary: summary + awaitedText(core, job.id, code) + before,
    code,
    place: entry.place,
    hosts,
    ...(policyHolds(core) ? { priority: { priority, rows } } : {}),
    ...shared,
  }
}

function expectedFor(core: Core, scene: QueueScene, nowMs: number, entry: QueueEntry, viewer?: Viewer): ExpectedStart {
  const expected = expectedStart(scene, nowMs, entry, namesOf(core))
  const habits = countedText(core, new PresenceCounts(scene, nowMs, true).of(entry), nowMs, viewer)
  return { ...expected, rests: `${expected.rests}${habits}` }
}

/** Why the first of two, of equal priority where there are any, stands before the other. */
function earlierText(one: QueueJob | undefined, other: QueueJob | undefined): string {
  if (one === undefined || other === undefined || one.submittedMs !== other.submittedMs) return "it was sent before"
  if (other.array !== null && one.array?.of === other.id && one.id !== other.id)
    return "a task that waits by itself goes before the rest of its array"
  return "sent at the same moment, it has the lower number"
}

/** The nearest of those before it, in their order, and by what each stands there. */
function aheadOf(core: Core, scene: QueueScene, plan: QueuePlan, entry: QueueEntry): readonly AheadView[] {
  const { place } = entry
  if (place === null) return []
  const byPolicy = policyHolds(core)
  const jobs = new Map(scene.waiting.map((one) => [one.id, one]))
  // Of an array several tasks may be planned for.
  return plan.entries
    .filter((one, at) => one.place !== null && one.place < place && plan.entries[at - 1]?.job !== one.job)
    .slice(-MOST_AHEAD)
    .map((one) => ({
      job: one.job,
      ...taskOf(core, one.job),
      user: jobs.get(one.job)?.user ?? "",
      place: one.place!,
      priority: byPolicy ? one.priority : null,
      because: byPolicy ? aheadText(scene, one, entry, jobs) : earlierText(jobs.get(one.job), jobs.get(entry.job)),
    }))
}

/** The same where jobs go in the order in which they were sent. */
function aheadByTurn(core: Core, { waiting }: QueueScene, id: JobId): readonly AheadView[] {
  const at = waiting.findIndex((one) => one.id === id)
  const first = Math.max(0, at - MOST_AHEAD)
  return waiting.slice(first, Math.max(0, at)).map((one, nth) => ({
    job: one.id,
    ...taskOf(core, one.id),
    user: one.user,
    place: first + nth + 1,
    priority: null,
    because: earlierText(one, waiting[at]),
  }))
}

/** By what the first of two stands before the other where a policy orders them. */
function aheadText(
  { policy }: QueueScene,
  one: QueueEntry,
  other: QueueEntry,
  jobs: ReadonlyMap<JobId, QueueJob>,
): string {
  const tierOf = (partition: string) => policy.partitions.find(({ name }) => name === partition)?.tier ?? 1
  if (one.madeFirst) return "others make room for it"
  if (one.ownersFirst) return "it is its owner's Mac"
  if (tierOf(one.partition) > tierOf(other.partition)) return `its partition ${one.partition} goes first`
  if (one.priority > other.priority) return `its priority is higher by ${one.priority - other.priority}`
  const [first, second] = [jobs.get(one.job), jobs.get(other.job)]
  const isLater = first !== undefined && second !== undefined && first.submittedMs > second.submittedMs
  if (one.priority < other.priority || isLater) return "the short lane, or its QOS, goes first"
  return `of equal priority, ${earlierText(first, second)}`
}

function taskOf(core: Core, job: JobId): Pick<AheadView, "task"> {
  const task = core.table.live(job)?.task
  return task === undefined ? {} : { task }
}
