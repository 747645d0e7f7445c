import type { AttemptId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import { isCurrent } from "./close-attempt.ts"
import type { Tried } from "./job-table.ts"
import { TRIES, waitAfterTry } from "./patience.ts"
import { settleShortOutput } from "./settle.ts"

interface Awaited {
  /** Bytes of both streams that had come when last looked. */
  received: number
  /** How often it was asked for since then. */
  tries: number
  /** When to look again, milliseconds since 1970. */
  at: number
}

/**
 * Output that hosts have told of, with the end of a command, and not sent yet. As long as the link is up and nothing comes it
 * is asked for again, then given up, so that no host can hold a job's end up for ever.
 */
export class AwaitedOutput {
  readonly #awaited = new Map<AttemptId, Awaited>()

  /** Takes an attempt up whose output is not all here. Again: changes nothing. */
  expect(attempt: AttemptId): void {
    if (!this.#awaited.has(attempt)) this.#awaited.set(attempt, { received: -1, tries: 0, at: 0 })
  }

  /** Looks what has come meanwhile, and asks or gives up where it is time. Within a change. Returns when to look again. */
  look(core: Core): number | null {
    const now = core.clock.now()
    let next: number | null = null
    for (const [id, awaited] of this.#awaited) {
      const tried = core.table.attempt(id)
      if (tried === undefined || !isAwaited(core, tried)) {
        this.#awaited.delete(id)
        continue
      }
      const received = receivedBytes(core, tried)
      // While this server's own disk is behind, it is the one that takes nothing.
      if (received !== awaited.received || core.logs.isPressed) {
        Object.assign(awaited, { received, tries: 0, at: now + waitAfterTry(1) } satisfies Awaited)
      } else if (awaited.at <= now) {
        awaited.tries++
        if (awaited.tries > TRIES) {
          this.#awaited.delete(id)
          settleShortOutput(core, tried, `${tried.attempt.hostName} was asked ${TRIES} times and did not send it`)
          continue
        }
        askAgain(core, tried, awaited.tries)
        awaited.at = now + waitAfterTry(awaited.tries)
      }
      next = Math.min(next ?? awaited.at, awaited.at)
    }
    return next
  }
}

/** Whether output is still to come over a link that is up. At the next contact the end of the command is told anew. */
function isAwaited(core: Core, tried: Tried): boolean {
  const { logComplete, stdoutBytes, stderrBytes, hostId } = tried.attempt
  if (logComplete || stdoutBytes === null || stderrBytes === null) return false
  return core.fleet.get(hostId)?.channel != null && receivedBytes(core, tried) < stdoutBytes + stderrBytes
}

function receivedBytes(core: Core, { attempt }: Tried): number {
  const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
  return log.received("stdout") + log.received("stderr")
}

/** A repeated `adopt` is answered with all output from there on. Says why the job has not ended yet. */
function askAgain(core: Core, tried: Tried, tries: number): void {
  const { job, attempt } = tried
  const { id, sequence, hostName } = attempt
  const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
  const [stdout, stderr] = [log.received("stdout"), log.received("stderr")]
  const host = core.fleet.get(attempt.hostId)
  core.ledger.send(host, { type: "adopt", attempt: id, sequence, stdout, stderr, exitKnown: true })
  if (!isCurrent(tried) || attempt.state !== "finishing") return
  job.reason = `the rest of its output does not come from ${hostName} (asked ${tries} of ${TRIES} times)`
  core.ledger.jobChanged(job)
}
