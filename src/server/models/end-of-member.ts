import type { AttemptRecord } from "../../store/job-record.ts"

/** What of a member's attempt says how it ended. */
export type EndedMember = Pick<AttemptRecord, "cause" | "exitCode" | "signal" | "message" | "hostName" | "member">

/** As `brokenText` in agent/memory-guard.ts has it. */
const MEMORY_ADVICE = /: --memory \S+ would have done until then/

/** Those that have the same number on macOS and Linux. */
const SIGNALS: ReadonlyMap<number, string> = new Map([
  [1, "SIGHUP"],
  [2, "SIGINT"],
  [3, "SIGQUIT"],
  [4, "SIGILL"],
  [5, "SIGTRAP"],
  [6, "SIGABRT"],
  [8, "SIGFPE"],
  [9, "SIGKILL"],
  [11, "SIGSEGV"],
  [13, "SIGPIPE"],
  [14, "SIGALRM"],
  [15, "SIGTERM"],
])

/**
 * Why a member's program is gone, for people: which member, on which host, and what its host says of it. Members cannot say that themselves:
 * those that are killed say nothing, and the others only see that a connection is closed.
 * @returns `null` where it has not ended, or has for the sake of the others
 */
export function endOfMember({ cause, exitCode, signal, message, hostName, member }: EndedMember): string | null {
  if (cause === null || cause === "member_ended" || cause === "cancelled") return null
  const who = member === undefined ? "its program" : `member ${member.rank}: its program`
  switch (cause) {
    case "signalled": {
      const name = signal === null ? "a signal" : (SIGNALS.get(signal) ?? `signal ${signal}`)
      return `${who} on ${hostName} was ended by ${name}${name === "SIGKILL" ? ", by hand or for want of memory" : ""}`
    }
    case "exited":
      return `${who} on ${hostName} ended with exit code ${exitCode} and did not say why`
    case "out_of_memory":
      // What a job's sender could do about it is not for who serves a model.
      return `out of memory on ${hostName}${after(message?.replace(MEMORY_ADVICE, "") ?? null)}`
    case "supervisor_lost":
      return `${who} on ${hostName} lost its supervisor, which was killed${message?.includes("supervisor") ? "" : after(message)}`
    case "host_restarted":
      return `${hostName} was restarted${after(message)}`
    case "host_crashed":
      return `${hostName} crashed${after(message)}`
    case "link_lost":
      return message?.includes(" was removed by ") ? message : `${hostName} was out of contact for too long`
    default:
      return `${who} on ${hostName} ended (${cause})${after(message)}`
  }
}

function after(message: string | null): string {
  return message === null || message === "" ? "" : `: ${message}`
}
