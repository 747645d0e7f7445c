import { invariant } from "../../base/invariant.ts"
import type { TargetId } from "../../protocol/ids.ts"
import type { OutboxRecord, TargetRecord } from "../../store/notify-record.ts"
import { Alarm } from "../alarm.ts"
import type { Core } from "../core.ts"
import { type Delivery, deliver } from "./deliver.ts"
import { composeMessage } from "./message.ts"

const FIRST_WAIT_MS = 10_000
const LAST_WAIT_MS = 3_600_000
/** A message that could not be sent for so long is of no use any more. */
const GIVE_UP_MS = 24 * 3_600_000
const PAUSE_MS = 60_000
/** At once; those that failed before have few places, so that they never take those of others. */
const PLACES = 32
const PLACES_OF_FAILING = 2

/**
 * Sends what is queued: for each target one message after the other, oldest first; a target that fails or hangs holds up no
 * other. A message is forgotten only after it was taken, so after a crash it may be sent twice, under the same id.
 */
export class Courier {
  readonly #core: Core
  readonly #alarm: Alarm
  readonly #underWay = new Map<TargetId, { readonly isFailing: boolean; readonly done: Promise<void> }>()

  constructor(core: Core) {
    this.#core = core
    this.#alarm = new Alarm(core.clock, () => this.wake())
  }

  /** Something was queued, or may be tried again. */
  wake(): void {
    const { notify, clock, signal } = this.#core
    if (signal.aborted) return
    const now = clock.now()
    let next: number | null = null
    for (const target of notify.withWaiting()) {
      if (this.#underWay.has(target.id)) continue
      if (target.nextAt > now) next = Math.min(next ?? target.nextAt, target.nextAt)
      else if (this.#hasPlaceFor(target)) this.#begin(target)
    }
    this.#alarm.set(next)
  }

  /** Ends what is under way; it is sent again by the next run. The core's signal has been aborted before. */
  async stop(): Promise<void> {
    this.#alarm.set(null)
    await Promise.all([...this.#underWay.values()].map(({ done }) => done))
  }

  #hasPlaceFor({ failures }: TargetRecord): boolean {
    const isFailing = failures > 0
    const taken = [...this.#underWay.values()].filter((one) => one.isFailing === isFailing).length
    return taken < (isFailing ? PLACES_OF_FAILING : PLACES)
  }

  #begin(target: TargetRecord): void {
    const done = this.#next(target)
      .catch((error) => this.#pause(error))
      .then(() => {
        this.#underWay.delete(target.id)
        this.wake()
      })
    this.#underWay.set(target.id, { isFailing: target.failures > 0, done })
  }

  /** What cannot be noted would be sent again and again. */
  async #pause(error: unknown): Promise<void> {
    const { clock, signal, report } = this.#core
    if (signal.aborted) return
    report("Cannot note what became of a message", error)
    await clock.sleep(PAUSE_MS, { signal }).catch(() => {})
  }

  async #next(target: TargetRecord): Promise<void> {
    const core = this.#core
    const message = core.store.notify.firstMessage(target.id)
    invariant(message !== undefined, `no message waits for the target ${target.id}`)
    const delivery = await deliver(core, target, await composeMessage(core, message, target.dropped))
    if (core.signal.aborted) return
    await core.ledger.change(() => settle(core, target.id, message, delivery))
  }
}

/** Within a change. */
function settle(core: Core, id: TargetId, message: OutboxRecord, delivery: Delivery): void {
  const target = core.notify.get(id)
  // Removed meanwhile, with all that waited for it.
  if (target === undefined) return
  const now = core.clock.now()
  if (delivery.kind === "taken") {
    core.notify.settle(message.id, target)
    Object.assign(target, { failures: 0, dropped: 0, nextAt: 0, deliveredAt: now, failingSince: null, problem: null })
    core.notify.changed(target)
    return
  }
  const isHopeless = delivery.kind === "refused" || now - message.createdAt >= GIVE_UP_MS
  if (isHopeless) core.notify.settle(message.id, target)
  const waitMs = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 4 ** Math.min(target.failures, 10))
  target.failures += 1
  target.dropped += isHopeless ? 1 : 0
  target.failingSince ??= now
  target.problem = delivery.problem
  // What it refuses for itself says nothing of the next one.
  target.nextAt = delivery.kind === "refused" ? now : now + Math.min(LAST_WAIT_MS, Math.max(waitMs, delivery.waitMs))
  core.notify.changed(target)
}
