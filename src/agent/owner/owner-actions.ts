import { publicText } from "../../presence/public-text.ts"
import type { Action } from "../../presence/reaction.ts"
import type { Why } from "../../presence/why.ts"
import type { OwnerReason } from "../../protocol/owner.ts"
import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { stopAttempt } from "../stopping.ts"
import { DaemonSearch } from "./daemon-search.ts"
import { isOtherReason } from "./owner-news.ts"
import { continueTree, membersOf, stopTrees } from "./stop-trees.ts"
import { SuspensionNotes, tellNotice } from "./suspension-notes.ts"

/** What the actions of one step are about. */
export interface Occasion {
  readonly reason: (why: Why) => OwnerReason
  /** When somebody showed, or said it, by the clock that counts sleep. */
  readonly signAtMs: (why: Why) => number
}

/** Puts CPU work of these processes behind everybody else's, or back. @throws in words where that cannot be done */
export type SetYielding = (pids: readonly number[], yields: boolean) => Promise<void>

/** Carries out what the owner's rules want done to attempts, one step after the other. */
export class OwnerActions {
  readonly #context: AgentContext
  readonly #setYielding: SetYielding
  readonly #onDone: () => void
  readonly #daemons: DaemonSearch
  readonly #notes: SuspensionNotes
  #acting: Promise<void> = Promise.resolve()
  #waiting = 0
  /** Trees that are not seen to be stopped yet, with what is told when they are. */
  readonly #stopping = new Map<Attempt, { readonly why: Why; readonly occasion: Occasion }>()
  /** Trees that are not seen to have gone on yet. */
  readonly #continuing = new Set<Attempt>()
  #again: NodeJS.Timeout | undefined

  /** @param onDone called when all that was asked for is done */
  constructor(context: AgentContext, setYielding: SetYielding, onDone: () => void) {
    this.#context = context
    this.#notes = new SuspensionNotes(context)
    this.#setYielding = setYielding
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
    const news = { ...nameOf(attempt), at: stopped.at, why: stopped.why, reactionMs: 0 }
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
        if (attempt.suspension.yields) await this.#yield(attempt, false)
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
      else if (action.do !== "suspend") await this.#yield(attempt, action.do === "yield")
    }
  }

  async #suspend(whys: ReadonlyMap<Attempt, Why>, occasion: Occasion): Promise<void> {
    const { clock } = this.#context
    for (const [attempt, why] of whys) this.#stopping.set(attempt, { why, occasion })
    await this.#stop([...whys.keys()], (attempt, members) => {
      const since = { uptimeMs: clock.sleepCountingMs(), at: clock.now(), why: occasion.reason(whys.get(attempt)!) }
      const kept = members.filter(({ isStopped }) => isStopped)
      this.#notes.note(attempt, () => attempt.suspension.stop(this.#notes.where(attempt), since, kept))
    })
  }

  /** Tells of those that are stopped whole; of the others when they are, which is tried again soon. */
  async #stop(attempts: readonly Attempt[], onFirst?: Parameters<typeof stopTrees>[2]): Promise<void> {
    const { clock } = this.#context
    const stopped = await stopTrees(this.#context, attempts, onFirst)
    const atMs = clock.sleepCountingMs()
    const lastAtMs = await this.#stopDaemons(stopped, onFirst !== undefined)
    for (const attempt of attempts) this.#notes.again(attempt)
    for (const attempt of stopped) {
      const { stopped: since } = attempt.suspension
      const told = this.#stopping.get(attempt)
      this.#stopping.delete(attempt)
      if (since === null || told === undefined) continue
      // When the last of it came to a halt: that a search found nothing more took no time of its owner's.
      const haltedMs = lastAtMs.get(attempt) ?? atMs
      const reactionMs = Math.max(0, Math.round(haltedMs - told.occasion.signAtMs(told.why)))
      const news = { ...nameOf(attempt), at: since.at, why: since.why, reactionMs }
      tell(this.#context, attempt, { type: "suspended", ...news })
    }
    this.#tryAgain()
  }

  /**
   * Stops also what has left the trees and is found by its token alone. What comes too late is stopped when it is looked for again.
   *
   * @param isFirst what of it is stopped already was so by the job itself
   * @returns when the last of each was stopped, by the clock that counts sleep, where there was any
   */
  async #stopDaemons(attempts: readonly Attempt[], isFirst: boolean): Promise<ReadonlyMap<Attempt, number>> {
    const atMs = new Map<Attempt, number>()
    let left = attempts.filter((attempt) => this.#daemons.isDue(attempt))
    for (let looks = 0; left.length > 0 && looks < MOST_SEARCHES; looks++) {
      const found = await Promise.all(
        left.map(async (attempt) => [attempt, await this.#daemons.look(attempt)] as const),
      )
      const rest = found.filter(([, daemons]) => daemons !== null && daemons.length > 0)
      for (const [attempt, daemons] of isFirst ? rest : []) {
        const kept = daemons?.filter(({ isStopped }) => isStopped) ?? []
        if (kept.length > 0) this.#notes.note(attempt, () => attempt.suspension.keep(this.#notes.where(attempt), kept))
      }
      left = rest.map(([attempt]) => attempt)
      if (left.length === 0) break
      await stopTrees(this.#context, left)
      for (const attempt of left) atMs.set(attempt, this.#context.clock.sleepCountingMs())
    }
    return atMs
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
    if (attempt.suspension.stopped === null) return
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
    attempt.message ??= `It stepped aside: ${publicText(told.why.code, told.why.text)}`
    // The signal waits in each stopped process, so that it is the first thing it hears.
    stopAttempt(this.#context, attempt, { cause, signal, graceMs })
    await this.#continue(attempt)
    const reactionMs = Math.max(0, Math.round(clock.sleepCountingMs() - signAtMs(why)))
    tell(this.#context, attempt, { type: "vacating", ...nameOf(attempt), ...told, reactionMs })
  }

  /** Why it is to end was said before. */
  #kill(attempt: Attempt): void {
    const { cause } = attempt.stop ?? { cause: "owner_returned" as const }
    stopAttempt(this.#context, attempt, { cause, signal: "SIGKILL", graceMs: 0 })
  }

  async #yield(attempt: Attempt, yields: boolean): Promise<void> {
    this.#notes.note(attempt, () => attempt.suspension.yield(this.#notes.where(attempt), yields))
    try {
      const members = membersOf(this.#context, await this.#context.platform.processes(), attempt)
      const pids = members.map(({ pid }) => pid)
      if (pids.length > 0) await this.#setYielding(pids, yields)
      if (yields)
        tellNotice(
          this.#context,
          `It steps back behind whoever is at its host: its CPU work does; the GPU knows no priority and stays shared`,
          attempt,
        )
    } catch (error) {
      // It goes on as before, and nobody is told otherwise.
      if (yields) this.#notes.note(attempt, () => attempt.suspension.yield(this.#notes.where(attempt), false))
      const [reason] = (error as Error).message.split("\n")
      tellNotice(
        this.#context,
        `Its CPU work cannot be put ${yields ? "behind its host's owner's" : "back"}: ${reason}`,
        attempt,
      )
    }
  }
}

/** A daemon may have started another meanwhile; the rest is found later. */
const MOST_SEARCHES = 5
/** Somebody waits for it to stop, or the job to go on. */
const AGAIN_MS = 250
