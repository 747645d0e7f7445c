import type { WhyAnswer } from "../../protocol/api.ts"
import { linkText } from "../../scheduler/links/set-link.ts"
import type { PlanReport } from "../../scheduler/queue/plan-report.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import type { Core } from "../core.ts"
import { linkOfSet } from "./pool-links.ts"

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
