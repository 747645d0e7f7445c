import { rmSync } from "node:fs"
import { join } from "node:path"
import type { OwnersRefusal } from "../presence/why.ts"
import type { FoundAttempt, ServerMessage } from "../protocol/agent-wire.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { AttemptId } from "../protocol/ids.ts"
import { endAfterRestart } from "./after-restart.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { inspectAttempt, readSecrets } from "./attempt-folder.ts"
import { withBallast } from "./ballast.ts"
import { changeLimit } from "./change-limit.ts"
import { followLost, supervisedBy, tellEnd, tellStarted } from "./ending.ts"
import { beginAttempt, beginOutput, launchAgain } from "./launch.ts"
import { reopening } from "./own-file.ts"
import { orderAside } from "./owner/order-aside.ts"
import { foundAttempt, type NeverRan, recoverAttempts } from "./recovery.ts"
import { tellSleeps } from "./sleep-watch.ts"
import { carryOut, poke, stopAttempt, wake } from "./stopping.ts"

/** Forgetting waits this long for more of the same, as the high-water mark is synced for all of them at once. */
const FORGET_TOGETHER_MS = 200
/** So long a start may take before it is looked for. */
const LOOK_FOR_START_MS = 2_000
/** A supervisor that has not been heard of for so long will not come. */
const LAUNCH_AGAIN_MS = 15_000
/** A forgotten attempt's folder with less in it can wait to be removed. */
const SMALL_BYTES = 1024 * 1024
/** Refusals remembered, so that a repeated order is answered with what was said before. */
const REFUSALS_KEPT = 1_000

type AboutOne = Exclude<Extract<ServerMessage, { attempt: AttemptId }>, { type: "start" | "forget" }>

/** All attempts of one server on this host, and what the server says about them. Every message may come twice or late. */
export class Attempts {
  readonly #context: AgentContext
  readonly #neverRan: Map<number, NeverRan>
  readonly #refused = new Map<number, AttemptId>()
  #forgetting: { readonly sequence: number; readonly attempt: AttemptId }[] = []

  /** Reads what is on the disk. */
  constructor(context: AgentContext) {
    this.#context = context
    this.#neverRan = new Map(recoverAttempts(context).map((one) => [one.sequence, one]))
  }

  /** What `hello` says of them. */
  found(): FoundAttempt[] {
    const known = [...this.#context.attempts.values()].map(foundAttempt)
    const neverRan = [...this.#neverRan.values()]
    return [
      ...known,
      ...neverRan.map((one) => ({ ...one, phase: "preparing" as const, startedAt: null, exit: null })),
    ].sort((a, b) => a.sequence - b.sequence)
  }

  /** Whether something runs, or may. */
  get live(): boolean {
    for (const attempt of this.#context.attempts.values()) if (attempt.live) return true
    return false
  }

  take(message: ServerMessage): void {
    if (message.type === "start") this.#start(message)
    else if (message.type === "forget") this.#forget(message.sequence, message.attempt)
    else if ("attempt" in message) this.#takeFor(message)
  }

  #takeFor(message: AboutOne): void {
    const { sequence } = message
    const attempt = this.#context.attempts.get(sequence)
    if (attempt === undefined || attempt.id !== message.attempt) {
      if (this.#neverRan.get(sequence)?.attempt !== message.attempt) this.#gone(message.attempt, sequence)
      return
    }
    switch (message.type) {
      case "adopt":
        this.#adopt(attempt, message)
        break
      case "disown":
        attempt.adopted = false
        attempt.disowned = true
        this.#context.output.end(sequence)
        break
      case "supplied":
        attempt.supply?.resolve()
        break
      case "unsupplied":
        attempt.supply?.reject(new WindfallError("blobs_missing", message.message))
        break
      case "stop":
        if (attempt.phase === "ended") tellEnd(this.#context, attempt, false)
        else stopAttempt(this.#context, attempt, message)
        break
      case "limit":
        changeLimit(this.#context, attempt, message.timeLimitMs)
        break
      case "suspend-for":
        orderAside(this.#context, attempt, message)
        break
    }
  }

  #start({ order, secrets }: Extract<ServerMessage, { type: "start" }>): void {
    const { attempt: id, sequence } = order
    const known = this.#context.attempts.get(sequence)
    if (known !== undefined && known.id === id) {
      known.adopted = true
      this.#tellAgain(known, false)
    } else if (known === undefined && this.#mayStart(sequence, id)) {
      // What an earlier try that never ran left behind.
      if (this.#neverRan.delete(sequence)) this.#discardNeverRan(sequence)
      const refusal = this.#context.refusal()
      if (refusal === null) beginAttempt(this.#context, order, secrets)
      else this.#refuse(id, sequence, refusal)
      if (!this.#context.attempts.has(sequence)) this.#rememberRefusal(sequence, id)
    } else this.#gone(id, sequence)
  }

  /** The server did not know yet that somebody is at the host. */
  #refuse(attempt: AttemptId, sequence: number, { cause, reason }: OwnersRefusal): void {
    const message = `It cannot start there now: ${reason}`
    this.#context.link.send({ type: "refused", attempt, sequence, cause, message })
  }

  /** What never ran may be started again; else only what is newer than everything that is done. */
  #mayStart(sequence: number, id: AttemptId): boolean {
    if (this.#refused.has(sequence)) return false
    const again = this.#neverRan.get(sequence)
    return again === undefined ? sequence > this.#context.highWater.value : again.attempt === id
  }

  #discardNeverRan(sequence: number): void {
    this.#context.trash.discard(`${this.#context.folder.attempts}/${sequence}.never-ran`)
  }

  #rememberRefusal(sequence: number, id: AttemptId): void {
    this.#refused.set(sequence, id)
    if (this.#refused.size <= REFUSALS_KEPT) return
    const [oldest] = this.#refused.keys()
    if (oldest !== undefined) this.#refused.delete(oldest)
  }

  #gone(attempt: AttemptId, sequence: number): void {
    const message = "This attempt is not on this host (any more)"
    this.#context.link.send({ type: "refused", attempt, sequence, cause: "gone", message })
  }

  #adopt(
    attempt: Attempt,
    { stdout, stderr, exitKnown }: { readonly stdout: number; readonly stderr: number; readonly exitKnown: boolean },
  ): void {
    attempt.adopted = true
    attempt.disowned = false
    const secrets = Object.values(readSecrets(attempt.folder))
    beginOutput(this.#context, attempt, secrets, { stdout, stderr })
    this.#tellAgain(attempt, exitKnown)
    if (attempt.phase === "running" || attempt.phase === "sweeping") {
      this.#context.output.started(attempt.sequence)
      // A stop that was written but not yet carried out when the last agent ended; the supervisor knows if it was.
      poke(this.#context, attempt)
    }
    if (attempt.phase === "lost") this.#lookAfter(attempt)
    this.#context.changed()
  }

  #tellAgain(attempt: Attempt, exitKnown: boolean): void {
    tellSleeps(this.#context, attempt)
    attempt.gate.isTold = false
    if (attempt.phase === "ended") tellEnd(this.#context, attempt, exitKnown)
    else if (attempt.phase !== "preparing" && attempt.phase !== "launching") tellStarted(this.#context, attempt)
  }

  /** Finds out about an attempt whose supervisor is gone, and ends it. */
  #lookAfter(attempt: Attempt): void {
    const record = inspectAttempt(attempt.folder)
    const bootId = (record.record ?? record.intent)?.bootId
    // Without any record it is not a restart that took it: processes may be left of it.
    const restarted = bootId !== undefined && bootId !== this.#context.platform.bootId && record.status === null
    void (restarted ? endAfterRestart(this.#context, attempt) : followLost(this.#context, attempt))
  }

  /**
   * Looks whether the supervisors of what runs are still there, and for word that was missed. Those that have gone
   * without a word are followed up. Those that something has stopped (a job can: they share the account) go on, as else
   * nothing would keep the job's limit or learn of its end, and the host would be held for ever.
   */
  lookForLost(): void {
    for (const attempt of this.#context.attempts.values()) {
      if (attempt.disowned) continue
      const waitedMs = this.#context.clock.sleepCountingMs() - attempt.startedUptimeMs
      if (attempt.phase === "launching" && waitedMs >= LOOK_FOR_START_MS) {
        this.#lookForStart(attempt, waitedMs > LAUNCH_AGAIN_MS || !this.#context.forker.isNoted)
      }
      if (attempt.phase !== "running" && attempt.phase !== "sweeping") continue
      if (wake(this.#context, attempt)) continue
      attempt.phase = "lost"
      this.#lookAfter(attempt)
    }
  }

  /** Its supervisor has ended. Mostly all was said before; where it had not begun, nobody else will say so. */
  supervisorDied(attempt: Attempt): void {
    if (attempt.phase === "launching" && !attempt.disowned) this.#lookForStart(attempt, true)
  }

  /** @param again puts it to the forker once more where there is no start */
  #lookForStart(attempt: Attempt, again: boolean): void {
    const { record } = inspectAttempt(attempt.folder)
    if (record === null) {
      this.#context.forker.wake()
      if (again) launchAgain(this.#context)
      return
    }
    supervisedBy(this.#context, attempt, record)
    attempt.group = record.child
    attempt.startedAt = record.startedAt
    attempt.phase = "running"
    tellStarted(this.#context, attempt)
    this.#context.output.started(attempt.sequence)
    if (attempt.stop !== null) carryOut(this.#context, attempt, attempt.stop)
  }

  #forget(sequence: number, id: AttemptId): void {
    const attempt = this.#context.attempts.get(sequence)
    if (attempt !== undefined && attempt.id !== id) this.#gone(id, sequence)
    else if (attempt !== undefined && attempt.phase !== "ended") {
      this.#notice(`Cannot forget attempt ${id}: it has not ended (${attempt.phase})`)
    } else if (this.#forgetting.push({ sequence, attempt: id }) === 1) {
      setTimeout(() => void this.#forgetAll(), FORGET_TOGETHER_MS)
    }
  }

  #notice(message: string): void {
    this.#context.link.send({ type: "notice", message })
  }

  /** That they are done for ever is on the disk before their folders go: at no moment could one of them be started again. */
  async #forgetAll(): Promise<void> {
    const batch = this.#forgetting
    try {
      this.#forgetting = []
      const { highWater, folder } = this.#context
      await withBallast(folder.ballast, () => highWater.forget(batch.map((one) => one.sequence)))
    } catch (error) {
      // The server asks again at its next connect; nothing is lost but space.
      this.#notice(`Cannot forget attempts: ${reasonOf(error)}`)
      return
    }
    for (const { attempt, sequence } of batch) {
      try {
        this.#remove(sequence)
      } catch (error) {
        this.#notice(`Cannot remove what is left of attempt ${attempt}: ${reasonOf(error)}`)
      }
      this.#context.link.send({ type: "forgotten", attempt, sequence })
    }
    this.#context.changed()
  }

  #remove(sequence: number): void {
    const { attempts, trash, output, highWater } = this.#context
    const attempt = attempts.get(sequence)
    output.end(sequence)
    attempts.delete(sequence)
    this.#refused.delete(sequence)
    if (this.#neverRan.delete(sequence)) this.#discardNeverRan(sequence)
    const onRemoved = () => highWater.removed(sequence)
    if (attempt === undefined) {
      onRemoved()
      return
    }
    const bytes = keptBytes(attempt)
    if (attempt.hasSecrets || attempt.order?.workspace !== null || bytes >= SMALL_BYTES) {
      const secretsPath = join(attempt.folder, "secrets")
      reopening(secretsPath, () => rmSync(secretsPath, { recursive: true, force: true }))
      trash.removeNow(attempt.folder, onRemoved)
    } else trash.removeLater(attempt.folder, bytes, onRemoved)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What the files of an ended attempt hold; without end where nobody knows. */
function keptBytes({ outputs, totals }: Attempt): number {
  const made = outputs === undefined || "problem" in outputs ? Number.POSITIVE_INFINITY : outputs.bytes
  return made + totals.stdout + totals.stderr
}
