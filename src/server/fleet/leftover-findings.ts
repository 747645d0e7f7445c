import { formatBytes } from "../../base/bytes.ts"
import { formatDuration } from "../../base/duration.ts"
import type { DoctorFinding } from "../../protocol/api.ts"
import type { StrayView } from "../../protocol/host.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import type { FleetHost } from "./fleet-host.ts"
import { strayViews } from "./leftovers.ts"
import { withheldReason } from "./withheld.ts"

/** What `doctor` says of what ended jobs left on a host: which process, since when, how much it holds, what to do. */
export function leftoverFindings(core: Core, host: FleetHost, viewer: Viewer): DoctorFinding[] {
  const { name, facts, leftovers } = host.record
  const now = core.clock.now()
  const account = facts?.user ?? "the account of its jobs"
  const findings = strayViews(leftovers, viewer).map((stray): DoctorFinding => {
    const held = stray.memoryBytes === 0 ? "no memory" : formatBytes(stray.memoryBytes)
    const text = `${strayText(stray)} holds ${held}; ${firstSeen(now - stray.since)}`
    const fix = stray.certain
      ? `As ${account} there: kill -9 ${stray.pid}. If it stays, restart the host`
      : `Look at it there (ps -p ${stray.pid}), and if it is a job's: kill -9 ${stray.pid} as ${account}`
    const level = stray.certain ? "problem" : "warning"
    return { subject: name, code: stray.certain ? "stray" : "suspected_stray", level, text, fix }
  })
  if (leftovers.missing !== null) {
    const { bytes, since } = leftovers.missing
    const text = `${formatBytes(bytes)} that ended jobs held have not come back, and no process has them; ${firstSeen(now - since)}`
    const fix = "Look for files in memory (/dev/shm, a RAM disk); if there are none, restart the host"
    findings.push({ subject: name, code: "memory_missing", level: "problem", text, fix })
  }
  const reason = withheldReason(leftovers)
  if (reason !== null) {
    const fix = "Nothing, once the above is done: it gets jobs again by itself"
    findings.push({ subject: name, code: "host_withheld", level: "problem", text: `gets no new jobs: ${reason}`, fix })
  }
  return findings
}

function strayText({ pid, command, job, certain }: StrayView): string {
  const process = command === null ? `process ${pid}` : `process ${pid} (${command})`
  const owner = job === null ? "an ended job" : `job ${job}`
  return certain
    ? `${process} of ${owner} could not be ended and`
    : `${process} came up while ${owner} ran, belongs to nothing that is known, and`
}

function firstSeen(agoMs: number): string {
  return `first seen ${formatDuration(Math.max(0, agoMs))} ago`
}
