import type { Conditions } from "../../presence/conditions.ts"
import { type EffectivePolicy, presenceRule } from "../../presence/effective-policy.ts"
import type { Moment } from "../../presence/moment.ts"
import { pausesOf } from "../../presence/move-lever.ts"
import type { OwnerObstacle, Scene } from "../../presence/obstacle.ts"
import { observe, type Watch } from "../../presence/presence.ts"
import { type Action, NOTHING_DONE, type ReactionState, react } from "../../presence/reaction.ts"
import { ifKnown, known, type Reading, unknown } from "../../presence/reading.ts"
import { saidPolicy } from "../../presence/said-policy.ts"
import type { Accounts } from "../../presence/sign.ts"
import type { OwnersRefusal } from "../../presence/why.ts"
import type { Attempt } from "../attempt.ts"
import { shortOfMemory } from "./admission.ts"
import { ForeignLoad } from "./foreign-load.ts"
import { decided, endPrepared, refusalFor } from "./hold-off.ts"
import { KeepStopped } from "./keep-stopped.ts"
import { LeverTalk, type OwnerTold } from "./lever-talk.ts"
import { OurProcesses } from "./our-processes.ts"
import { OwnerActions } from "./owner-actions.ts"
import { hostPresence, ownerReason, PresenceNews, signAtMs, TELL_MS } from "./owner-news.ts"
import type { OwnerWatchOptions } from "./owner-watch-options.ts"
import { quietWatch, runningAttempt, unwatched } from "./quiet-scene.ts"

/** As long as it is not known who is there, a job may wait for it: then looks come one upon the other. */
const DECIDE_MS = 500
const MOST_DECIDING_LOOKS = 20
/** Commands that take long must not be all that a Mac does. */
const LEAST_REST_MS = 100
/** So long at most what is made ready waits for the first looks. */
const DECIDE_WITHIN_MS = 10_000
/** At least so often what is known of a stopped tree is told to stop, also where nobody is looked for. */
const HOLD_MS = 1_000

/**
 * Keeps a host its owner's: looks who is there, and has jobs react as the rules say, with or without a server. The rules are in
 * presence/; here is when they are asked, and what is known meanwhile.
 */
export class OwnerWatch {
  readonly #options: OwnerWatchOptions
  readonly #actions: OwnerActions
  readonly #keepStopped: KeepStopped
  readonly #ours: OurProcesses
  readonly #load = new ForeignLoad()
  #state: ReactionState = NOTHING_DONE
  /** What looks have told so far. */
  watch: Watch | undefined
  #conditions: Omit<Conditions, "foreignLoad">
  #hostLoad: Reading<number> = unknown("it was not looked at yet")
  /** What keeps jobs from starting, as of the last step. */
  obstacles: readonly OwnerObstacle[] = []
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #looks = 0
  /** When the last look began. */
  #lookedAtMs = 0
  #lookDueMs = 0
  #saidAtMs = 0
  #begunMs = performance.now()
  readonly #waiting: (() => void)[] = []
  readonly #news = new PresenceNews()
  readonly #talk: LeverTalk

  constructor(options: OwnerWatchOptions) {
    this.#options = options
    this.#actions = new OwnerActions(options.context, options.setYielding, () => this.#step())
    this.#keepStopped = new KeepStopped(this.#actions)
    this.#ours = new OurProcesses(options.context)
    this.#conditions = unwatched(options.memoryBytes)
    this.#talk = new LeverTalk(options.said, options.context.link, () => this.#now())
    this.#saidAtMs = this.#now().sleepCountingMs
  }

  /** To be called once, when attempts of earlier agents are known. */
  begin(): void {
    this.#begunMs = performance.now()
    const noted = this.#attempts().filter(({ suspension, phase }) => suspension.isNoted && phase === "running")
    if (noted.length > 0) this.#actions.takeOver(noted)
    this.#round()
  }

  /** Who was at the console at the last look. */
  consoleUser: string | null = null

  /** What keeps jobs from starting now, and nothing when they may; nor as long as the first looks have not told, for which {@link admit} waits. */
  refusal(): OwnersRefusal | null {
    const scene = this.#step()
    return refusalFor(scene, this.#isDeciding ? decided(this.obstacles) : this.obstacles)
  }

  /** Looks what keeps an attempt from starting that is being made ready: who is there, once that is known, and memory as it is now. Never throws. */
  async admit(leaseBytes: number): Promise<OwnersRefusal | null> {
    const { probe, context } = this.#options
    if (probe === null) return null
    const memory = probe.memory()
    if (this.#isDeciding) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#conditions = { ...this.#conditions, ...(await memory) }
    const refusal = this.refusal()
    const { memoryNews } = context
    if (refusal !== null || memoryNews === undefined) return refusal
    return shortOfMemory(this.scene, leaseBytes, memoryNews)
  }

  /** It was not looked often enough yet to tell who is there. */
  get #isDeciding(): boolean {
    if (this.#options.probe === null || performance.now() - this.#begunMs > DECIDE_WITHIN_MS) return false
    return this.#isOpen
  }

  get #isOpen(): boolean {
    return this.watch === undefined || this.watch.presence.state === "unknown"
  }

  /** The server has said what holds here. */
  take(told: OwnerTold): void {
    this.#saidAtMs = this.#now().sleepCountingMs
    this.#talk.take(told)
    this.#round()
  }

  /** The server knows what is here, and wants to be told who is. */
  ready(): void {
    this.#news.begin()
    const { said } = this.#options
    if (said.terms === null && Object.keys(said.lever.pauses).length > 0) this.#talk.tell()
    for (const attempt of this.#running()) this.#actions.tellWhy(attempt)
    this.#step()
  }

  /** Somebody has moved the lever here. Resolves when what follows from it is done. */
  async moved(saidAgoMs: number): Promise<void> {
    this.#saidAtMs = this.#now().sleepCountingMs - saidAgoMs
    this.#talk.tell()
    this.#step()
    await this.#actions.done
  }

  /** Attempts have come, gone or changed. */
  changed(): void {
    if (this.#lookDueMs > performance.now() + DECIDE_MS && this.#running().length > 0) this.#round()
    else this.#step()
  }

  /** The machine has woken. */
  woke(): void {
    this.#round()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#options.probe?.[Symbol.dispose]()
  }

  /** Looks, then does what follows; or, while a look is under way, what follows from what is known. */
  #round(): void {
    if (this.#looking) {
      this.#step()
      return
    }
    clearTimeout(this.#timer)
    this.#looking = true
    this.#lookedAtMs = performance.now()
    void this.#look().finally(() => {
      this.#looking = false
      this.#step()
    })
  }

  async #look(): Promise<void> {
    const { probe, said, jobsAccount } = this.#options
    if (probe === null) {
      this.watch = undefined
      return
    }
    const { look, conditions, load } = await probe.look({
      isHere: this.watch?.presence.state === "here",
      isBusy: this.#running().length > 0,
      ours: (pids) => this.#ours.among(pids),
    })
    const accounts: Accounts = { owner: said.terms?.consoleAccount ?? null, jobs: jobsAccount }
    this.watch = observe(this.watch, look, accounts, presenceRule(this.#policy()))
    this.#conditions = conditions
    this.#hostLoad = load
    this.consoleUser = ifKnown(look.console)?.user ?? null
    this.#looks++
    // While something runs the sampler sees it sooner.
    const available = ifKnown(conditions.availableBytes)
    if (available !== undefined && this.#running().length === 0) void this.#options.context.memoryNews?.seen(available)
  }

  /** One step of the reaction, and the timer for the next. */
  #step(): Scene {
    this.#talk.heedClock()
    const { scene } = this
    const attempts = this.#running()
    const reaction = react(this.#state, scene, attempts.map(runningAttempt))
    this.#state = reaction.state
    this.obstacles = reaction.startObstacles
    this.#carryOut(attempts, reaction.actions, scene)
    this.#actions.explain(attempts, reaction.held, (why) => ownerReason(why, scene.now.wallMs, scene.timeZone))
    this.#actions.setAside(attempts)
    const stopped = attempts.filter(({ suspension }) => suspension.stopped !== null)
    this.#keepStopped.step(stopped)
    endPrepared(this.#options.context, this.#attempts(), scene, this.obstacles)
    this.#tell(scene)
    this.#options.onStep(scene, this.obstacles)
    if (!this.#isDeciding) for (const goOn of this.#waiting.splice(0)) goOn()
    const againMs = stopped.length > 0 ? HOLD_MS : TELL_MS
    this.#plan(Math.min(this.#lookWithinMs(reaction.lookWithinMs), reaction.wakeWithinMs, againMs))
    return scene
  }

  /** Looks are so far apart from start to start, whatever a look takes and however many steps come between. */
  #lookWithinMs(regularMs: number): number {
    if (this.#options.probe === null) return Number.POSITIVE_INFINITY
    const apartMs = this.#isOpen && this.#looks < MOST_DECIDING_LOOKS ? DECIDE_MS : regularMs
    return Math.max(LEAST_REST_MS, apartMs - (performance.now() - this.#lookedAtMs))
  }

  #plan(inMs: number): void {
    if (this.#looking) return
    clearTimeout(this.#timer)
    this.#lookDueMs = performance.now() + inMs
    this.#timer = setTimeout(() => this.#round(), Math.max(1, inMs)).unref()
  }

  #carryOut(attempts: readonly Attempt[], actions: readonly Action[], { now, timeZone }: Scene): void {
    const about = actions.flatMap((action) => {
      const attempt = attempts.find(({ id }) => id === action.attempt)
      return attempt === undefined ? [] : [[attempt, action] as const]
    })
    this.#actions.carryOut(about, {
      reason: (why) => ownerReason(why, now.wallMs, timeZone),
      signAtMs: (why) => signAtMs(why, this.watch, now, this.#saidAtMs),
    })
    for (const attempt of this.#attempts()) {
      // Somebody wants its end, and it is not the owner: it must hear that.
      const isEnding = attempt.stop !== null || attempt.status !== null
      if (isEnding && attempt.suspension.stopped !== null && !this.#actions.isActing) this.#actions.release(attempt)
    }
  }

  #tell({ now, timeZone }: Scene): void {
    const { context, probe } = this.#options
    // Before the first look nothing is known, which the server knows.
    if (!context.link.attached || (probe !== null && this.watch === undefined)) return
    const presence = hostPresence(now, this.watch, this.obstacles, timeZone, probe !== null)
    if (this.#news.isDue(presence, now)) context.link.send({ type: "presence", presence })
  }

  /** All that is known now. */
  get scene(): Scene {
    const { said, timeZone, probe } = this.#options
    const now = this.#now()
    const policy = this.#policy()
    return {
      now,
      watch: probe === null ? quietWatch(now) : this.watch,
      conditions: { ...this.#conditions, foreignLoad: this.#foreignLoad(policy, now) },
      policy,
      pauses: pausesOf(said.lever),
      timeZone,
    }
  }

  #foreignLoad({ manners }: EffectivePolicy, now: Moment): Reading<number> {
    if (manners.load === null) return unknown("no rule asks for it")
    if (this.#options.probe === null) return known(0)
    const attempts = this.#attempts().filter(({ live }) => live)
    for (const { id, cpuUsed } of attempts) if (cpuUsed !== null) this.#load.measured(id, cpuUsed.cpuMs, cpuUsed.atMs)
    const runs = new Map(attempts.map(({ id, suspension }) => [id, suspension.stopped === null]))
    return this.#load.of(this.#hostLoad, runs, now.sleepCountingMs)
  }

  #policy(): EffectivePolicy {
    const { said } = this.#options
    return saidPolicy(said.terms?.fleet ?? { preset: "default", rules: {} }, said.lever)
  }

  #now(): Moment {
    const { clock } = this.#options.context
    return { wallMs: clock.now(), sleepCountingMs: clock.sleepCountingMs() }
  }

  #attempts(): Attempt[] {
    return [...this.#options.context.attempts.values()].filter(({ disowned }) => !disowned)
  }

  /** Those over which the rules decide: they run, and nobody wants their end. */
  #running(): Attempt[] {
    return this.#attempts().filter(({ phase, stop, status }) => phase === "running" && stop === null && status === null)
  }
}
