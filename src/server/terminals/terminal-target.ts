import type { Role, TerminalRoute } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { isTerminalId } from "../../protocol/terminal.ts"
import { readQuery } from "../api/query.ts"
import { shellQuery } from "../api/terminal-sockets.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

/** What a client asks for in the URL of its WebSocket. */
export interface TerminalRequest {
  readonly job: JobId
  readonly route: TerminalRoute
  /** The shell's name, for the route `shell`. */
  readonly shell: string | null
  /** The client was attached to this shell before: when it is gone, none is to be started. */
  readonly again: boolean
}

export interface TerminalTarget {
  readonly channel: HostChannel
  /** What follows `/terminals/` at the agent. */
  readonly path: string
}

const ROUTE = /^\/v1\/jobs\/(\d{1,15})\/(terminal|shell)$/

/** Reads the URL of a WebSocket request; `null` for one that is none of ours. @throws {WindfallError} invalid_input */
export function readTerminalRequest(url: string): TerminalRequest | null {
  const { pathname, searchParams } = new URL(url, "http://windfall")
  const match = ROUTE.exec(pathname)
  if (match === null) return null
  const route = match[2] as TerminalRoute
  const { id = null, again = "false" } = readQuery(searchParams, route === "shell" ? Object.keys(shellQuery.shape) : [])
  const shell = route === "shell" ? id : null
  if (route === "shell" && !isTerminalId(shell)) {
    throw new WindfallError("invalid_input", "Cannot open a shell: the query parameter id must name it", {
      hint: "16 to 32 characters of a-z and 0-9, chosen at random",
    })
  }
  if (again !== "true" && again !== "false") {
    throw new WindfallError("invalid_input", "Cannot open a shell: the query parameter again must be true or false", {
      hint: "again=true where this caller was attached to that shell before, else leave it out",
    })
  }
  return { job: Number(match[1]) as JobId, route, shell, again: again === "true" }
}

/**
 * Finds where the terminal is.
 * @throws {WindfallError} job_not_found, not_allowed, wrong_state, host_unreachable
 */
export function findTerminalTarget(
  core: Pick<Core, "table" | "fleet">,
  request: TerminalRequest,
  user: { readonly user: string; readonly role: Role },
): TerminalTarget {
  const job = core.table.get(request.job)
  const what = request.route === "shell" ? `a shell beside job ${job.id}` : `the terminal of job ${job.id}`
  const refuse = (reason: string, hint?: string) =>
    new WindfallError("wrong_state", `Cannot open ${what}: ${reason}`, { hint })
  if (job.user !== user.user && user.role !== "admin") {
    throw new WindfallError("not_allowed", `Cannot open ${what}: it belongs to ${job.user}`, {
      hint: "Only its sender and administrators can",
    })
  }
  if (request.route === "terminal" && job.spec.pty === null) {
    throw refuse("it runs without a terminal", `Open a shell beside it: windfall shell ${job.id}`)
  }
  if (isFinal(job.state)) throw refuse("it has ended", `What it printed: windfall logs ${job.id}`)
  const attempt = job.attempts.at(-1)
  if (attempt === undefined || job.state === "queued" || job.state === "held") {
    throw refuse("it has not started yet", `Why it waits: windfall why ${job.id}`)
  }
  if (request.route === "shell" && job.state === "finishing") throw refuse("it is just ending")
  const host = core.fleet.get(attempt.hostId)
  if (host === undefined || host.channel === null) {
    const name = host?.record.name ?? "its host"
    const reason = host?.reason == null ? "" : ` (${host.reason})`
    throw new WindfallError("host_unreachable", `Cannot open ${what}: ${name} is out of contact${reason}`, {
      hint: "The job is not lost: try again when the host is back",
    })
  }
  const again = request.again ? "/again" : ""
  const shell = request.shell === null ? "" : `/shell/${request.shell}${again}`
  return { channel: host.channel, path: `${attempt.sequence}${shell}` }
}
