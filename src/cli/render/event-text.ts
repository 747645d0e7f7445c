import { formatBytes } from "../../base/bytes.ts"
import { formatDuration } from "../../base/duration.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import { printable } from "./table.ts"

/** An event as one line for people. */
export function eventText(event: WindfallEvent): string {
  return printable(text(event))
}

function text(event: WindfallEvent): string {
  switch (event.type) {
    case "job_submitted":
      if (event.array !== undefined) return `job ${event.job} begins: task ${event.array}_${event.task}`
      return `job ${event.job}${event.name === null ? "" : ` (${event.name})`} sent${event.user === event.actor ? "" : ` by ${event.user}`}`
    case "job_state": {
      const cause = event.cause === null ? "" : ` (${event.cause})`
      return `job ${event.job} ${event.from} -> ${event.to}${cause}${event.reason === null ? "" : `: ${event.reason}`}`
    }
    case "attempt_placed":
      return `job ${event.job} attempt ${event.number}${rankText(event)} goes to ${event.hostName}${event.checkpoint === undefined ? "" : `, with what attempt ${event.checkpoint} wrote`}`
    case "attempt_ended": {
      const code =
        event.exitCode !== null ? ` ${event.exitCode}` : event.signal !== null ? ` by signal ${event.signal}` : ""
      return `job ${event.job} attempt ${event.number}${rankText(event)} ended: ${event.cause}${code}`
    }
    case "attempt_contact":
      return event.lostSince === null
        ? `job ${event.job}: its host is heard of again`
        : `job ${event.job}: its host is silent`
    case "checkpoint_kept":
      return event.files === 0
        ? `job ${event.job} attempt ${event.number} left no files to the next`
        : `job ${event.job} attempt ${event.number} left ${event.files} file${event.files === 1 ? "" : "s"} (${formatBytes(event.bytes)}) to the next`
    case "outputs_ready":
      return `job ${event.job}: ${event.files} output file${event.files === 1 ? "" : "s"} (${formatBytes(event.bytes)}) on the server`
    case "host_added":
      return `host ${event.name} joined`
    case "host_link":
      return `host ${event.name} is ${event.link}${event.reason === null ? "" : `: ${event.reason}`}`
    case "host_changed":
      return `host ${event.name}: ${event.what}`
    case "host_withheld":
      return event.reason === null
        ? `host ${event.name} gets new jobs again`
        : `host ${event.name} gets no new jobs: ${event.reason}`
    case "stray": {
      const name = event.command === null ? "" : ` (${event.command})`
      const process = `process ${event.pid}${name} of ${event.job === null ? "an ended job" : `job ${event.job}`}`
      if (event.gone) return `host ${event.name}: ${process} is gone`
      return `host ${event.name}: ${process} ${event.certain ? "could not be ended" : "is suspected to be left there"}`
    }
    case "host_crashed": {
      const why = event.reason === null ? "" : `: ${event.reason}`
      const after = event.quarantined ? "; such jobs do not go there any more" : ""
      return `host ${event.name} crashed while it ran job ${event.job}${why}${after}`
    }
    case "host_slept":
      return `host ${event.name} slept ${formatDuration(event.to - event.from)} (lid or sleep) while it ran job ${event.job}`
    case "host_lever":
      return `host ${event.name} ${event.act === "rules" ? `has other rules (${event.what})` : event.what}, said ${event.from === "mac" ? "at the Mac" : "from elsewhere"}`
    case "attempt_suspended":
      return `job ${event.job} was stopped on ${event.hostName}${event.reactionMs === null ? "" : ` within ${formatDuration(event.reactionMs)}`}: ${event.reason}`
    case "attempt_vacating":
      return `job ${event.job} has to leave ${event.hostName}: ${event.reason}`
    case "attempt_continued":
      return `job ${event.job} goes on on ${event.hostName}, stopped for ${formatDuration(event.suspendedMs)} in all`
    case "job_changed":
      return `job ${event.job}: ${event.what}`
    case "fleet_changed":
      return `fleet ${event.fleet}: ${event.what}`
    case "booking_made":
      return `booking ${event.booking}: ${event.what}`
    case "booking_changed":
      return `booking ${event.booking} was changed: ${event.what}`
    case "booking_removed":
      return `booking ${event.booking} was removed: ${event.what}`
    case "usage_recomputed":
      return "all sums of usage were made anew from the recorded intervals"
    case "policy_applied":
      return `policy ${event.version}: ${event.what === "" ? "nothing changed but the text" : event.what}`
    case "host_lent":
      return event.line
    case "host_removed":
      return `host ${event.name} left`
    case "user_changed":
      return `user ${event.user}: ${event.what}`
    case "token_changed":
      return `token of ${event.user}: ${event.what}`
    case "key_changed":
      return `key of ${event.user}: ${printable(event.what)}`
    case "invite_changed":
      return `invitation of ${printable(event.about)}${event.purpose === "mac" ? "'s Mac" : ""}: ${event.what}`
    case "secret_changed":
      return `secret ${event.name} of ${event.user}: ${event.what}`
    case "notify_changed":
      return `whom to tell of the jobs of ${event.user}: ${event.what}`
    case "model_changed":
      return `model ${event.name}: ${printable(event.what)}`
    case "data_changed":
      return `data ${event.name} of ${event.user}: ${event.what}`
    case "notice":
      return event.job === null ? event.message : `job ${event.job}: ${event.message.replace(/^It /, "it ")}`
    default:
      // A newer server may tell of more than this release knows.
      return JSON.stringify(event)
  }
}

/** Of several hosts one. */
function rankText({ rank }: { readonly rank?: number }): string {
  return rank === undefined ? "" : `, rank ${rank},`
}
