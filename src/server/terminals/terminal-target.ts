import type { TerminalRoute } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isTerminalId } from "../../protocol/terminal.ts"
import { readQuery } from "../api/query.ts"
import { shellQuery } from "../api/terminal-sockets.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { type Caller, ownJob, reachAttempt } from "./reach-attempt.ts"

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
  user: Caller,
): TerminalTarget {
  const isShell = request.route === "shell"
  const to = `open ${isShell ? `a shell beside job ${request.job}` : `the terminal of job ${request.job}`}`
  const job = ownJob(core, { job: request.job, to }, user)
  if (!isShell && job.spec.pty === null) {
    const hint = `Open a shell beside it: windfall shell ${job.id}`
    throw new WindfallError("wrong_state", `Cannot ${to}: it runs without a terminal`, { hint })
  }
  const { channel, sequence } = reachAttempt(core, { job: job.id, to, whileFinishing: !isShell }, user)
  const again = request.again ? "/again" : ""
  const shell = request.shell === null ? "" : `/shell/${request.shell}${again}`
  return { channel, path: `${sequence}${shell}` }
}
