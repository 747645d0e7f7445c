import { setTimeout as delay } from "node:timers/promises"
import type { Conditions } from "../../presence/conditions.ts"
import type { Look } from "../../presence/look.ts"
import type { Moment } from "../../presence/moment.ts"
import { ifKnown, known, type Reading, unknown } from "../../presence/reading.ts"
import { CommandShell } from "./command-shell.ts"
import { Identities } from "./identities.ts"
import { LookPeople } from "./look-people.ts"
import { COMMANDS, type Source } from "./look-sources.ts"
import {
  type Answer,
  assertionsOf,
  availableOf,
  consoleOf,
  displayOf,
  idleOf,
  lockOf,
  loginsOf,
  lowPowerOf,
  powerOf,
  type SysctlNow,
  sysctlOf,
} from "./look-text.ts"
import { SystemMarks } from "./system-marks.ts"

/** A look waits for these no longer. */
const QUICK_MS = 2_000
/** What is not told of input by then is unknown for this look; and what else tells of activity is asked for at once. */
const IDLE_SOON_MS = 1_000
/** Once it was so, it is waited for no longer than this. */
const IDLE_AGAIN_MS = 200
/** Nothing waits for these: they come with the look after. */
const SLOW_MS = 8_000
/** One `sysctl` and one idle time do for all who ask within this. */
const FRESH_MS = 300
/** Screen, console and display change without input only when nobody is there. */
const CONSOLE_MS = 2_800
/** A call is noticed within three seconds; so is a login where macOS leaves no mark of it. Power within ten. */
const ASSERTIONS_MS = 2_300
const POWER_MS = 8_500
/** Input younger than by so much was given since the last look. */
const NEW_INPUT_MS = 1_500

export interface ProbeOptions {
  /** In front of every path, for tests: "" on a Mac. */
  readonly root: string
  /** All the memory that the Mac has. */
  readonly memoryBytes: number
  readonly now: () => Moment
}

/** What a look is taken with. */
export interface LookFor {
  /** The last judgement was that somebody is there: whether the screen is locked changes nothing at once. */
  readonly isHere: boolean
  /** Something runs: what waits for a free Mac may come later. */
  readonly isBusy: boolean
  /** Which of these processes are Windfall's or of its jobs. */
  readonly ours: (pids: readonly number[]) => Promise<ReadonlySet<number>>
}

export interface Seen {
  readonly look: Look
  readonly conditions: Omit<Conditions, "foreignLoad">
  /** Load average over one minute, of all that runs. */
  readonly load: Reading<number>
}

interface Kept {
  readonly atMs: number
  readonly answer: Answer
}

/**
 * Looks at a Mac, cheaply: what says that somebody is there comes with each look, by one round trip to a shell that stays; what is slow
 * or changes slowly is asked for now and then, beside it, by another such shell, so that a command that hangs holds up no look. What
 * could not be asked is unknown, with the reason.
 */
export class OwnerProbe implements Disposable {
  readonly #options: ProbeOptions
  readonly #quick = new CommandShell()
  readonly #slow = new CommandShell()
  readonly #people: LookPeople
  readonly #marks: SystemMarks
  readonly #kept = new Map<Source, Kept>()
  readonly #freshening = new Map<Source, Promise<void>>()
  #asking = false
  /** The idle time is waited for still. */
  #hangs = false
  #inputMs = Number.NEGATIVE_INFINITY

  constructor(options: ProbeOptions) {
    this.#options = options
    this.#marks = new SystemMarks(options.root)
    this.#people = new LookPeople(options.root, new Identities(this.#quick, options.root, QUICK_MS))
  }

  [Symbol.dispose](): void {
    this.#quick[Symbol.dispose]()
    this.#slow[Symbol.dispose]()
  }

  /** Memory and the like by key, not older than a third of a second. @throws where they cannot be asked for */
  async sysctl(): Promise<ReadonlyMap<string, string>> {
    await this.#fresh("sysctl")
    const answer = this.#answer("sysctl")
    if (!answer.known) throw new Error(`Cannot ask sysctl: ${answer.reason}`)
    return sysctlOf(answer).texts
  }

  /** Memory as it is now: with one round trip, whatever was asked before. Never throws. */
  async memory(): Promise<Pick<Conditions, "availableBytes" | "pressure" | "swapUsedBytes">> {
    await this.#ask(this.#quick, QUICK_MS, ["sysctl", "memory"])
    const { availableBytes, pressure, swapUsedBytes } = this.#conditionsOf(sysctlOf(this.#answer("sysctl"))).conditions
    return { availableBytes, pressure, swapUsedBytes }
  }

  /** Never throws. */
  async look({ isHere, isBusy, ours }: LookFor): Promise<Seen> {
    // At the first look all is asked at once, later what is due.
    const slow = this.#askSlowly(isBusy)
    if (!this.#kept.has("who")) await Promise.race([slow, delay(QUICK_MS, undefined, { ref: false })])
    if (isBusy) {
      // Whether somebody types must not wait for anything else.
      const idle = this.#fresh("idle")
      const sysctl = this.#fresh("sysctl")
      const begun = this.#options.now()
      const asked = this.#kept.has("sysctl") ? idle : Promise.all([idle, sysctl])
      if (!(await this.#isSoon(asked))) return await this.#lookWithoutIdle(begun, ours)
    } else {
      const due = [...this.#consoleDue(CONSOLE_MS), ...this.#loginsDue()]
      // Jobs are placed by how much memory there is.
      await this.#ask(this.#quick, QUICK_MS, ["idle", "sysctl", "memory", ...due])
    }
    const { now } = this.#options
    if (isBusy) {
      // Who types at a locked, dark Mac, and whether it lights up, is one question.
      const isOpen = !isHere && this.#mayBeDark() && this.#hasNewInput()
      const due = [...this.#consoleDue(isOpen ? FRESH_MS : CONSOLE_MS), ...this.#loginsDue()]
      if (due.length > 0) await this.#ask(this.#quick, QUICK_MS, due)
    }
    const at = now()
    const idle = this.#sinceAsked("idle", idleOf(this.#answer("idle")), at)
    if (idle.known) this.#inputMs = Math.max(this.#inputMs, at.sleepCountingMs - idle.value)
    const sysctl = sysctlOf(this.#answer("sysctl"))
    return { look: await this.#lookOf(at, idle, sysctl, ours), ...this.#conditionsOf(sysctl) }
  }

  /** @returns whether it is known now when somebody typed last; a probe that hangs holds up no look */
  async #isSoon(asked: Promise<unknown>): Promise<boolean> {
    const withinMs = ifKnown(idleOf(this.#answer("idle"))) === undefined || this.#hangs ? IDLE_AGAIN_MS : IDLE_SOON_MS
    const late = Symbol("late")
    const isFirst = !this.#kept.has("idle")
    const first = await Promise.race([asked, delay(isFirst ? QUICK_MS : withinMs, late, { ref: false })])
    this.#hangs = first === late
    // What it has said at last, if anything.
    return !this.#hangs && this.#answer("idle").known
  }

  /** By the other shell it is asked whether the system was told of activity. The look is of when it began. */
  async #lookWithoutIdle(begun: Moment, ours: LookFor["ours"]): Promise<Seen> {
    if (!this.#asking) {
      this.#asking = true
      const asked = this.#ask(this.#slow, SLOW_MS, ["assertions", "who"]).finally(() => {
        this.#asking = false
      })
      await Promise.race([asked, delay(IDLE_SOON_MS, undefined, { ref: false })])
    }
    const sysctl = sysctlOf(this.#answer("sysctl"))
    const answer = this.#answer("idle")
    const idle = unknown(answer.known ? "ioreg does not answer" : answer.reason)
    return { look: await this.#lookOf(begun, idle, sysctl, ours), ...this.#conditionsOf(sysctl) }
  }

  async #lookOf(at: Moment, idleMs: Reading<number>, sysctl: SysctlNow, ours: LookFor["ours"]): Promise<Look> {
    const root = this.#answer("root")
    const assertions = assertionsOf(this.#answer("assertions"))
    const logins = loginsOf(this.#answer("who"))
    const console = consoleOf(root)
    const { wokeAtMs } = sysctl
    const activeForMs = assertions.known ? assertions.value.activeForMs : assertions
    const askedMs = this.#kept.get("assertions")?.atMs ?? at.sleepCountingMs
    return {
      at,
      idleMs,
      locked: lockOf(root),
      console: console.known ? await this.#people.console(console.value) : console,
      display: displayOf(this.#answer("state")),
      wokeAgoMs: wokeAtMs.known ? known(Math.max(0, at.wallMs - wokeAtMs.value)) : wokeAtMs,
      displayHolds: assertions.known
        ? known(await this.#people.holds(assertions.value.displayHolders, ours))
        : assertions,
      remoteLogins: logins.known ? known(await this.#people.logins(logins.value, at, ours)) : logins,
      activeUntilMs: activeForMs.known && activeForMs.value !== null ? known(askedMs + activeForMs.value) : activeForMs,
    }
  }

  #conditionsOf(sysctl: SysctlNow): Pick<Seen, "conditions" | "load"> {
    const { memoryBytes } = this.#options
    const conditions = {
      ...powerOf(this.#answer("batt")),
      lowPowerMode: lowPowerOf(this.#answer("settings")),
      availableBytes: availableOf(
        this.#answer("memory"),
        ifKnown(sysctl.memoryBytes) ?? (memoryBytes > 0 ? memoryBytes : null),
      ),
      pressure: sysctl.pressure,
      swapUsedBytes: sysctl.swapUsedBytes,
      memoryBytes,
    }
    return { conditions, load: sysctl.load }
  }

  /** Asks for what is kept, and too old; once for all who want it at the same time. */
  #fresh(source: "idle" | "sysctl"): Promise<void> {
    const asking = this.#freshening.get(source)
    if (asking !== undefined) return asking
    if (this.#ageMs(source) < FRESH_MS) return Promise.resolve()
    const begun = this.#ask(this.#quick, QUICK_MS, [source]).finally(() => this.#freshening.delete(source))
    this.#freshening.set(source, begun)
    return begun
  }

  #consoleDue(olderThanMs: number): Source[] {
    return this.#marks.isNew("root") || this.#ageMs("root") >= olderThanMs ? ["root", "state"] : []
  }

  /** Somebody has come or gone since `who` was asked. */
  #loginsDue(): Source[] {
    return this.#kept.has("who") && this.#marks.isNew("who") ? ["who"] : []
  }

  /** Whether input, as far as was known, could be a dark wake's. */
  #mayBeDark(): boolean {
    const isLit = ifKnown(displayOf(this.#answer("state"))) === "on"
    return !isLit && ifKnown(lockOf(this.#answer("root"))) !== false
  }

  #hasNewInput(): boolean {
    const idle = ifKnown(idleOf(this.#answer("idle")))
    const atMs = this.#kept.get("idle")?.atMs
    return idle !== undefined && atMs !== undefined && atMs - idle > this.#inputMs + NEW_INPUT_MS
  }

  async #askSlowly(isBusy: boolean): Promise<void> {
    if (this.#asking) return
    const due: Source[] = this.#ageMs("assertions") >= ASSERTIONS_MS ? ["assertions"] : []
    // Where a mark tells of logins, the clock is only to make sure.
    if (this.#ageMs("who") >= (this.#marks.has("who") ? POWER_MS : ASSERTIONS_MS)) due.push("who")
    if (isBusy && this.#ageMs("memory") >= ASSERTIONS_MS) due.push("memory")
    if (this.#ageMs("batt") >= POWER_MS) due.push("batt", "settings")
    if (due.length === 0) return
    this.#asking = true
    try {
      await this.#ask(this.#slow, SLOW_MS, due)
    } finally {
      this.#asking = false
    }
  }

  /** Keeps what they say, or why they say nothing. */
  async #ask(shell: CommandShell, timeoutMs: number, sources: readonly Source[]): Promise<void> {
    const { root, now } = this.#options
    let answers: Answer[]
    const fromMs = now().sleepCountingMs
    this.#marks.asking(sources)
    try {
      const commands = sources.map((source) => `${root}${COMMANDS[source]}`)
      answers = (await shell.run(commands, timeoutMs)).map((answer) => known(answer))
    } catch (error) {
      answers = sources.map(() => unknown((error as Error).message))
    }
    // Dated by when it was asked for: it is not younger than that.
    for (const [at, source] of sources.entries()) {
      // The other shell may have been asked later, and have answered sooner.
      if ((this.#kept.get(source)?.atMs ?? fromMs) <= fromMs)
        this.#kept.set(source, { atMs: fromMs, answer: answers[at]! })
    }
  }

  #answer(source: Source): Answer {
    return this.#kept.get(source)?.answer ?? unknown("it was not asked for yet")
  }

  #ageMs(source: Source): number {
    const kept = this.#kept.get(source)
    return kept === undefined ? Number.POSITIVE_INFINITY : this.#options.now().sleepCountingMs - kept.atMs
  }

  /** What is said of a time ago is of when it was asked. */
  #sinceAsked(source: Source, agoMs: Reading<number>, at: Moment): Reading<number> {
    const kept = this.#kept.get(source)
    return agoMs.known && kept !== undefined ? known(agoMs.value + (at.sleepCountingMs - kept.atMs)) : agoMs
  }
}
