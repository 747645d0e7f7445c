import type { WhyAnswer } from "../../protocol/api.ts"
import { linkText } from "../../scheduler/links/set-link.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import { PlanReport } from "../../scheduler/queue/plan-report.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import { entryText } from "../../scheduler/queue/reason-text.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import { type JobRecord, untriedJob } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { waitingJob } from "../queue/scene.ts"
import { sceneNow } from "../queue/scene-now.ts"
import { linkedOf, linkOfSet } from "./pool-links.ts"

/** What is said of a job on several hosts besides what is said of any: how many have room, or how those are linked that it gets. */
export function gangNote(core: Core, asked: number, entry: QueueEntry, hosts: WhyAnswer["hosts"]): string {
  if (entry.hosts.length > 1) return ` (these are linked: ${linkText(linkOfSet(core, entry.hosts))})`
  const { reason } = entry
  if (reason === null || !("away" in reason || reason.code === "resources" || reason.code === "priority")) return ""
  const free = hosts.filter(({ code }) => code === "has_room").length
  return ` (it asks for ${asked} hosts at once, ${free} ${free === 1 ? "has" : "have"} room now)`
}

/** Host by host, what keeps a job of the plan off it. */
export function hostAnswers(report: PlanReport, entry: QueueEntry): WhyAnswer["hosts"] {
  return report.hostsOf(entry).map(({ host, obstacles, text }) => {
    const [first] = obstacles
    return {
      host: host.id,
      name: host.name,
      code: first?.code ?? "has_room",
      text,
      until: first !== undefined && "until" in first ? first.until : null,
    }
  })
}

/** Where a job on several hosts could run that is not sent, as if it stood last in the queue now. */
export function previewGang(
  core: Core,
  job: Pick<JobRecord, "id" | "user" | "spec">,
  waiting: WaitingJob,
): Pick<WhyAnswer, "summary" | "code" | "hosts"> {
  const now = core.clock.now()
  const scene = sceneNow(core, now)
  const asked = waitingJob(scene.policy, untriedJob({ ...job, submittedAt: now }), waiting)
  const linked = scene.hosts.map((host) => ({ ...host, ...linkedOf(core, host.id) }))
  const whole = { ...scene, hosts: linked, waiting: [...scene.waiting, asked] }
  const plan = planQueue(whole, now, { estimates: true })
  const entry = plan.entries.find((one) => one.job === job.id)
  if (entry === undefined) return { summary: "", code: "", hosts: [] }
  const hosts = hostAnswers(new PlanReport(whole, plan), entry)
  const names = new Map<string, string>(scene.hosts.map(({ id, name }) => [id, name]))
  const text = entryText(entry, now, (id) => names.get(id) ?? id)
  return { summary: text + gangNote(core, asked.hosts, entry, hosts), code: entry.reason?.code ?? "starting", hosts }
}
