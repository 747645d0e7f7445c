import type { Action } from "../../presence/reaction.ts"
import type { Why } from "../../presence/why.ts"
import type { OwnerReason } from "../../protocol/owner.ts"
import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { stopAttempt } from "../stopping.ts"
import { isAsSaid, isToBeSetAside, reasonOf } from "./as-said.ts"
import { DaemonSearch } from "./daemon-search.ts"
import { asideText } from "./leaving.ts"
import { isOtherReason } from "./owner-news.ts"
import { stopDaemons } from "./stop-daemons.ts"
import { continueTree, stopTrees } from "./stop-trees.ts"
import { measured } from "./suspension.ts"
import { SuspensionNotes, tellNotice } from "./suspension-notes.ts"
import { type SetYielding, YieldTrees } from "./yield-trees.ts"

/** What the actions of one step are about. */
export interface Occasion {
  readonly reason: (why: Why) => OwnerReason
  /** When somebody showed, or said it, by the clock that counts sleep. */
  readonly signAtMs: (why: Why) => number
}

/** Carries out what the owner's rules want done to attempts, one step after the other. */
export class OwnerActions {
  readonly #context: AgentContext
  readonly #yielding: YieldTrees
  readonly #onDone: () => void
  readonly #daemons: DaemonSearch
  readonly #notes: SuspensionNotes
  #acting: Promise<void> = Promise.resolve()
  #waiting = 0
  /** Trees that are not seen to be stopped yet, with the moment from which it is counted how long that takes. */
  readonly #stopping = new Map<Attempt, () => number>()
  /** Trees that are not seen to have gone on yet. */
  readonly #continuing = new Set<Attempt>()
  #again: NodeJS.Timeout | undefined

  /** @param onDone called when all that was asked for is done */
  constructor(context: AgentContext, setYielding: SetYielding, onDone: () => void) {
    this.#context = context
    this.#notes = new SuspensionNotes(context)
    this.#yielding = new YieldTrees(context, this.#notes, setYielding)
    this.#onDone = onDone
    this.#daemons = new DaemonSearch(context)
  }

  /** Resolves when all that was asked for so far is done. */
  get done(): Promise<void> {
    return this.#acting
  }

  get isActing(): boolean {
    return this.#waiting > 0
  }

  /** Never throws: what fails is told as a notice. */
  carryOut(actions: readonly (readonly [Attempt, Action])[], occasion: Occasion): void {
    if (actions.length > 0) this.#then(() => this.#act(actions, occasion))
  }

  /** Sees that what is stopped is stopped whole: something may have let a part of it go on. */
  stopAgain(attempts: readonly Attempt[]): void {
    this.#then(async () => {
      await this.#stop(attempts.filter(({ suspension }) => suspension.stopped !== null))
    })
  }

  /** Says what keeps each stopped now, where that is another reason than the one that was told. */
  explain(attempts: readonly Attempt[], held: ReadonlyMap<string, Why>, reason: Occasion["reason"]): void {
    if (this.isActing) return
    for (const attempt of attempts) {
      const [before, why] = [attempt.suspension.stopped?.why, held.get(attempt.id)]
      if (before === undefined || why === undefined || !isOtherReason(before, reason(why))) continue
      this.#notes.note(attempt, () => attempt.suspension.because(this.#notes.where(attempt), reason(why)))
      this.tellWhy(attempt)
    }
  }

  /** Tells why it is stopped, once it was told that it is. A repeat does no harm. */
  tellWhy(attempt: Attempt): void {
    const { stopped } = attempt.suspension
    if (stopped === null || this.#stopping.has(attempt)) return
    const { asideNow } = attempt.suspension
    const news = { ...nameOf(attempt), at: stopped.at, why: stopped.why, ...measured(stopped), ...asideNow }
    tell(this.#context, attempt, { type: "suspended", ...news })
  }

  /** Lets go on what is to end: its supervisor asks it, and a stopped process hears nothing. */
  release(attempt: Attempt): void {
    this.#then(() => this.#continue(attempt))
  }

  /** Puts right what an agent before this one may have left half done. */
  takeOver(attempts: readonly Attempt[]): void {
    this.#then(async () => {
      for (const attempt of attempts) {
        if (attempt.suspension.stopped === null) await this.#letGo(attempt)
        if (attempt.suspension.yields) await this.#yielding.yield(attempt, false)
      }
    })
    this.stopAgain(attempts)
  }

  #then(act: () => Promise<void>): void {
    this.#waiting++
    this.#acting = this.#acting
      .then(act)
      .catch((error) =>
        tellNotice(this.#context, `Cannot do at once what the owner's rules want: ${(error as Error).message}`),
      )
      .finally(() => {
        this.#waiting--
        if (this.#waiting === 0) this.#onDone()
      })
  }

  async #act(actions: readonly (readonly [Attempt, Action])[], occasion: Occasion): Promise<void> {
    const suspends = actions.flatMap(([attempt, action]) =>
      action.do === "suspend" ? [[attempt, action.why] as const] : [],
    )
    // Those that must be quick, and all together, first.
    if (suspends.length > 0) await this.#suspend(new Map(suspends), occasion)
    for (const [attempt, action] of actions) {
      if (action.do === "vacate") await this.#vacate(attempt, action, occasion)
      else if (action.do === "continue") await this.#resume(attempt)
      else if (action.do === "kill") this.#kill(attempt)
      else if (action.do !== "suspend") await this.#yielding.yield(attempt, action.do === "yield")
    }
  }

  async #suspend(whys: ReadonlyMap<Attempt, Why>, { reason, signAtMs }: Occasion): Promise<void> {
    const running = new Map<Attempt, OwnerReason>()
    for (const [attempt, why] of whys) {
      if (attempt.suspension.stopped === null) {
        this.#stopping.set(attempt, () => signAtMs(why))
        running.set(attempt, reason(why))
      } else this.#stopStopped(attempt, reason(why), true)
    }
    await this.#stopNow(running, true)
  }

  /** It is stopped already, for the other one of the two that may want it so. */
  #stopStopped(attempt: Attempt, why: OwnerReason, isForOwner: boolean): void {
    const { stopped } = attempt.suspension
    if (stopped === null) return
    this.#notes.stop(attempt, { ...stopped, why }, [], isForOwner)
    this.tellWhy(attempt)
  }

  async #stopNow(whys: ReadonlyMap<Attempt, OwnerReason>, isForOwner: boolean): Promise<void> {
    const { clock } = this.#context
    await this.#stop([...whys.keys()], (attempt, members) => {
      const since = { uptimeMs: clock.sleepCountingMs(), at: clock.now(), why: whys.get(attempt)! }
      const kept = members.filter(({ isStopped }) => isStopped)
      this.#notes.stop(attempt, since, kept, isForOwner)
    })
  }

  /** Has these as the server said last: stopped for another job, or not. People at the host come before. */
  setAside(attempts: readonly Attempt[]): void {
    if (this.isActing) return
    for (const attempt of attempts)
      if (isToBeSetAside(attempt) && !this.#stopping.has(attempt)) this.#then(() => this.#setAside(attempt))
  }

  async #setAside(attempt: Attempt): Promise<void> {
    const { aside, stopped, ownerSinceMs } = attempt.suspension
    if (!isToBeSetAside(attempt) || aside === null) return
    if (aside.for === null) {
      if (ownerSinceMs === null) await this.#resume(attempt)
    } else if (stopped === null) {
      const atMs = this.#context.clock.sleepCountingMs()
      this.#stopping.set(attempt, () => atMs)
      await this.#stopNow(new Map([[attempt, reasonOf(aside)]]), false)
    } else if (ownerSinceMs === null && stopped.why.text !== aside.text) {
      this.#stopStopped(attempt, reasonOf(aside), false)
    }
    this.#answer(attempt)
  }

  /** Says that it is as the server wanted, once that is so. */
  #answer(attempt: Attempt): void {
    const { aside } = attempt.suspension
    if (aside === null || !isAsSaid(attempt) || this.#stopping.has(attempt)) return
    attempt.asideTold = aside.turn
    tell(this.#context, attempt, { type: "suspended-for", ...nameOf(attempt), turn: aside.turn })
  }

  /** Tells of those that are stopped whole; of the others when they are, which is tried again soon. */
  async #stop(attempts: readonly Attempt[], onFirst?: Parameters<typeof stopTrees>[2]): Promise<void> {
    const { clock } = this.#context
    const stopped = await stopTrees(this.#context, attempts, onFirst)
    const atMs = clock.sleepCountingMs()
    const lastAtMs = await stopDaemons(this.#context, this.#daemons, this.#notes, stopped, onFirst !== undefined)
    for (const attempt of attempts) this.#notes.again(attempt)
    for (const attempt of stopped) {
      const { stopped: since } = attempt.suspension
      const told = this.#stopping.get(attempt)
      this.#stopping.delete(attempt)
      if (since === null || told === undefined) continue
      // When the last of it came to a halt: that a search found nothing more took no time of its owner's.
      const haltedMs = lastAtMs.get(attempt) ?? atMs
      const reactionMs = Math.max(0, Math.round(haltedMs - told()))
      this.#notes.note(attempt, () => attempt.suspension.measure(this.#notes.where(attempt), reactionMs))
      const { asideNow } = attempt.suspension
      const news = { ...nameOf(attempt), at: since.at, why: since.why, reactionMs, ...asideNow }
      tell(this.#context, attempt, { type: "suspended", ...news })
      this.#answer(attempt)
    }
    this.#tryAgain()
  }

  async #letGo(attempt: Attempt): Promise<void> {
    this.#stopping.delete(attempt)
    this.#continuing.add(attempt)
    if ((await continueTree(this.#context, attempt)) && (await this.#letGoDaemons(attempt))) {
      this.#continuing.delete(attempt)
      this.#daemons.forget(attempt)
    }
    this.#tryAgain()
  }

  /** An agent before this one may have stopped some that this one has not seen. Returns whether that is known, and done. */
  async #letGoDaemons(attempt: Attempt): Promise<boolean> {
    if (this.#daemons.isDone(attempt)) return true
    const found = await this.#daemons.look(attempt)
    if (found === null) return false
    return found.length === 0 || (await continueTree(this.#context, attempt))
  }

  /** As long as something is left half done, for lack of a process table. */
  #tryAgain(): void {
    for (const attempt of this.#continuing) if (attempt.phase === "ended") this.#continuing.delete(attempt)
    for (const attempt of this.#stopping.keys()) {
      const isWanted = attempt.phase === "running" && attempt.stop === null && attempt.status === null
      if (!isWanted || attempt.suspension.stopped === null) this.#stopping.delete(attempt)
    }
    if (this.#again !== undefined || this.#stopping.size + this.#continuing.size === 0) return
    this.#again = setTimeout(() => {
      this.#again = undefined
      this.#then(async () => {
        if (this.#stopping.size > 0) await this.#stop([...this.#stopping.keys()])
        for (const attempt of [...this.#continuing]) await this.#letGo(attempt)
      })
    }, AGAIN_MS).unref()
  }

  async #resume(attempt: Attempt): Promise<void> {
    const { stopped, aside } = attempt.suspension
    if (stopped === null) return
    if (aside !== null && aside.for !== null) {
      this.#notes.ownerLeft(attempt, reasonOf(aside))
      this.tellWhy(attempt)
      return
    }
    await this.#continue(attempt)
    const { clock } = this.#context
    const suspendedMs = Math.round(attempt.suspension.totalMs(clock.sleepCountingMs()))
    tell(this.#context, attempt, { type: "continued", ...nameOf(attempt), at: clock.now(), suspendedMs })
  }

  async #continue(attempt: Attempt): Promise<void> {
    const { clock } = this.#context
    if (attempt.suspension.stopped === null) return
    const now = { uptimeMs: clock.sleepCountingMs(), at: clock.now() }
    this.#notes.note(attempt, () => attempt.suspension.continue(this.#notes.where(attempt), now))
    await this.#letGo(attempt)
  }

  async #vacate(
    attempt: Attempt,
    { why, cause, signal, graceMs }: Extract<Action, { do: "vacate" }>,
    { reason, signAtMs }: Occasion,
  ): Promise<void> {
    const { clock } = this.#context
    const told = { why: reason(why), at: clock.now() }
    attempt.message ??= asideText(told.why)
    // The signal waits in each stopped process, so that it is the first thing it hears.
    stopAttempt(this.#context, attempt, { cause, signal, graceMs })
    const sinceSignMs = () => Math.max(0, Math.round(clock.sleepCountingMs() - signAtMs(why)))
    const aside = this.#notes.leave(attempt, told.at, told.why, sinceSignMs())
    await this.#continue(attempt)
    const reactionMs = sinceSignMs()
    tell(this.#context, attempt, { type: "vacating", ...nameOf(attempt), ...told, reactionMs, ...aside })
  }

  /** Why it is to end was said before. */
  #kill(attempt: Attempt): void {
    const { cause } = attempt.stop ?? { cause: "owner_returned" as const }
    stopAttempt(this.#context, attempt, { cause, signal: "SIGKILL", graceMs: 0 })
  }
}

/** Somebody waits for it to stop, or the job to go on. */
const AGAIN_MS = 250
