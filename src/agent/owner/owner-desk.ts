import { type FSWatcher, watch } from "node:fs"
import { setImmediate, setTimeout as sleep } from "node:timers/promises"
import { formatDuration } from "../../base/duration.ts"
import { clockText } from "../../presence/clock-text.ts"
import { type LeverAct, leverRefusal, speakerOf } from "../../presence/lever.ts"
import { paused, pausesOf, resumed, ruled, type Saying } from "../../presence/move-lever.ts"
import { readPauseEnd } from "../../presence/pause.ts"
import { rulesHeldText, ruleViews } from "../../presence/rules-held.ts"
import { NO_FLEET, saidPolicy } from "../../presence/said-policy.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { startText } from "../../protocol/host-bars.ts"
import type { Lever } from "../../protocol/owner.ts"
import { type OwnerAnswer, type OwnerRequest, requestIdOf } from "../../protocol/owner-request.ts"
import type { OwnerFolder } from "./owner-folder.ts"
import { answerRequest, type ReceivedRequest, RequestInbox } from "./request-inbox.ts"
import { CLOCK_SLACK_MS, type Said } from "./said.ts"

/** A folder that is watched tells at once; where it does not, this does. */
const LOOK_MS = 500
/** However much is put there, the agent has more to do. */
const LOOKS_APART_MS = 200
/** What was changed or taken away there is put right after so long. */
const KEEP_MS = 1_000

export interface DeskOptions {
  readonly said: Said
  readonly folder: OwnerFolder
  readonly now: () => number
  readonly timeZone: string
  /** The account that jobs run as. */
  readonly jobsAccount: string
  /** What an account's number is called; `undefined` where that cannot be told. */
  readonly nameOf: (uid: number) => Promise<string | undefined>
  /** Who is at the console now. */
  readonly consoleUser: () => string | null
  /** The lever was moved: resolves when what follows from it is done. */
  readonly onMoved: (saidAgoMs: number) => Promise<void>
  /** Takes Windfall off this host. @throws where it cannot */
  readonly leave: () => void
  /** How things are, for people and for programs. */
  readonly status: () => Required<Pick<OwnerAnswer, "presence" | "mac">> & { readonly text: string }
  readonly onProblem: (message: string) => void
}

/** Where people at a Mac say what they want: takes requests out of the owner's folder, decides whose word counts, and answers. */
export class OwnerDesk {
  readonly #options: DeskOptions
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #inbox: RequestInbox
  #looking = false
  #again = false
  #lookedAt = Number.NEGATIVE_INFINITY
  #keptAt = Number.NEGATIVE_INFINITY
  #problem: string | null = null
  #hasSaidReplaced = false

  constructor(options: DeskOptions) {
    this.#options = options
    this.#inbox = new RequestInbox(options.folder.requests)
  }

  /** Makes the folder and looks into it from now on. */
  open(): void {
    if (this.#timer !== undefined || !this.#options.folder.hasPlace) return
    this.#keep()
    this.#timer = setInterval(() => this.#wake(), LOOK_MS)
    this.#timer.unref()
    this.#wake()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#watcher?.close()
    this.#timer = undefined
    this.#watcher = undefined
  }

  #keep(): void {
    const { folder, onProblem } = this.#options
    this.#keptAt = performance.now()
    const problem = folder.keep()
    if (problem !== this.#problem && problem !== null) onProblem(`The owner of this host has no folder: ${problem}`)
    this.#problem = problem
    this.#sayReplaced()
    // It may be another folder now than the one that was watched.
    this.#watcher?.close()
    this.#watcher = undefined
    if (problem !== null) return
    try {
      this.#watcher = watch(folder.requests, { persistent: false }, (_, name) => {
        // The answers are this agent's own.
        if (name === null || requestIdOf(name) !== null) this.#wake()
      })
      const watcher = this.#watcher
      watcher.on("error", () => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = undefined
      })
    } catch {
      // It is looked at all the same.
    }
  }

  /** Once: who does it may do it again and again. */
  #sayReplaced(): void {
    const names = this.#options.folder.takeReplaced()
    if (names.length === 0 || this.#hasSaidReplaced) return
    this.#hasSaidReplaced = true
    this.#options.onProblem(
      `In the owner's folder other scripts were in place of ${names.join(", ")}, and have been removed: a process of the account that jobs run in has put them there. Whoever ran one has run it as themselves`,
    )
  }

  /** One look at a time, and some time between them; what wakes it meanwhile makes one more. */
  #wake(): void {
    this.#again = true
    if (this.#looking) return
    this.#looking = true
    void this.#lookWhileAwake().finally(() => {
      this.#looking = false
    })
  }

  async #lookWhileAwake(): Promise<void> {
    while (this.#again && this.#isOpen) {
      const waitMs = this.#lookedAt + LOOKS_APART_MS - performance.now()
      if (waitMs > 0) await sleep(waitMs, undefined, { ref: false })
      this.#again = false
      if (!this.#isOpen) return
      if (performance.now() - this.#keptAt >= KEEP_MS && !this.#options.folder.isWhole) this.#keep()
      if (this.#problem === null && (await this.#takePortion())) this.#again = true
      this.#lookedAt = performance.now()
    }
  }

  /** @returns whether more is there */
  async #takePortion(): Promise<boolean> {
    const { folder, said, onProblem, now } = this.#options
    const { requests, isMore } = await this.#inbox.look(now(), (uid) => this.#isFirst(uid))
    for (const one of requests) {
      const answer = await this.#take(one).catch((error: unknown) => refusal(one.id, error))
      const { presence, mac } = this.#options.status()
      await answerRequest(folder.requests, { ...answer, presence, lever: said.lever, mac })
      if (answer.code === "internal") onProblem(answer.text)
      await setImmediate()
    }
    if (!this.#isOpen) this.#inbox.close()
    return isMore
  }

  /** Whose Mac it is, and who sits at it. */
  async #isFirst(uid: number): Promise<boolean> {
    const { said, consoleUser, nameOf } = this.#options
    const account = await nameOf(uid)
    return account !== undefined && [said.terms?.consoleAccount, consoleUser()].includes(account)
  }

  get #isOpen(): boolean {
    return this.#timer !== undefined
  }

  async #take({ id, uid, request }: ReceivedRequest): Promise<Answered> {
    if (request instanceof WindfallError) throw request
    const { said, now } = this.#options
    if (request.verb === "status") return done(id, this.#options.status().text)
    if (request.at > now() + CLOCK_SLACK_MS) throw refused("its time lies in the future")
    if (said.isStale(uid, request, now())) throw refused("it was taken before, or something was said after it")
    const account = (await this.#options.nameOf(uid)) ?? `account ${uid}`
    const saying: Saying = { speaker: this.#speaker(account), by: account, wallMs: now() }
    this.#check(request, saying)
    if (request.verb === "leave") {
      this.#options.leave()
      return done(id, "Windfall is being removed from this Mac. Jobs end and run elsewhere.")
    }
    const { lever, text } = this.#moved(request, saying)
    try {
      said.move(lever, uid, request)
    } finally {
      // On a full disk it holds as long as this agent does, and the answer says that it was not kept.
      await this.#options.onMoved(Math.max(0, now() - request.at))
    }
    return done(id, `${text}${this.#sequel(request)}`)
  }

  /** What follows from it, whatever was said: that jobs may start is told only where they may. */
  #sequel(request: OwnerRequest): string {
    if (request.verb !== "resume" && request.verb !== "rules") return ""
    const who = request.verb === "rules" ? request.rules.who : undefined
    const isNamed = who !== undefined && who !== null && !["everyone", "nobody"].includes(who.trim())
    const untold = isNamed ? "\nWhether these are users of the pool is not known here: windfall user ls has them." : ""
    const { mac } = this.#options.status()
    return `${untold}${mac === null || mac === undefined ? "" : `\nNow: ${startText(mac)}.`}`
  }

  #speaker(account: string) {
    const { said, consoleUser, jobsAccount } = this.#options
    const consoleAccount = said.terms?.consoleAccount ?? null
    return speakerOf({ account, consoleAccount, consoleUser: consoleUser(), jobsAccount })
  }

  #check({ verb }: OwnerRequest, { speaker }: Saying): void {
    const { said } = this.#options
    // To take part no more is a rule, too.
    const act: LeverAct = verb === "pause" || verb === "resume" ? verb : "rules"
    const reason = leverRefusal(speaker, act, { hasOwner: this.#hasOwner, pauses: pausesOf(said.lever) })
    if (reason !== undefined) throw new WindfallError("not_allowed", `Cannot do that: ${reason}`)
  }

  #moved(request: OwnerRequest, saying: Saying): { readonly lever: Lever; readonly text: string } {
    const { lever } = this.#options.said
    const { wallMs } = saying
    switch (request.verb) {
      case "pause": {
        const untilMs = "end" in request ? this.#endOf(request.end, request.at) : request.until
        if (untilMs !== null && untilMs <= wallMs) return { lever, text: "That pause is over by now." }
        return { lever: paused(lever, saying, untilMs), text: this.#pauseText(untilMs, wallMs) }
      }
      case "resume":
        return {
          lever: resumed(lever, saying, this.#hasOwner),
          text: "What was paused is taken back.",
        }
      case "rules":
        return this.#ruled(ruled(lever, saying, request.rules), Object.keys(request.rules))
      default:
        return { lever, text: "" }
    }
  }

  #ruled(lever: Lever, names: readonly string[]): { readonly lever: Lever; readonly text: string } {
    const policy = saidPolicy(this.#options.said.terms?.fleet ?? NO_FLEET, lever)
    return { lever, text: rulesHeldText(ruleViews(policy, lever.rules), policy.preset, names) }
  }

  #endOf(end: string, at: number): number | null {
    try {
      return readPauseEnd(end, at, this.#options.timeZone)
    } catch (error) {
      throw new WindfallError("invalid_input", `Cannot pause: ${(error as Error).message}`)
    }
  }

  #pauseText(untilMs: number | null, wallMs: number): string {
    if (untilMs === null) return "No jobs run here until somebody resumes."
    const until = clockText(untilMs, wallMs, this.#options.timeZone)
    return `No jobs run here until ${until} (${formatDuration(untilMs - wallMs)} from now).`
  }

  get #hasOwner(): boolean {
    const { terms } = this.#options.said
    return terms !== null && (terms.owner !== null || terms.consoleAccount !== null)
  }
}

type Answered = Pick<OwnerAnswer, "id" | "done" | "code" | "text">

function done(id: string, text: string): Answered {
  return { id, done: true, code: null, text }
}

function refused(reason: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot take the request: ${reason}`)
}

function refusal(id: string, error: unknown): Answered {
  const isOurs = error instanceof WindfallError
  const text = error instanceof Error ? error.message : String(error)
  return {
    id,
    done: false,
    code: isOurs ? error.code : "internal",
    text: isOurs && error.hint ? `${text}\n${error.hint}` : text,
  }
}
