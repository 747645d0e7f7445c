import type { Clock } from "../../base/clock.ts"
import {
  type HiveNews,
  type LostNews,
  type ReadyNews,
  readHiveNews,
  type StartingNews,
} from "../../hive/order/hive-news.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { EngineReadings } from "../gateway/engine-readings.ts"
import { readRaw } from "../logs/read-log.ts"
import { CutOffHosts } from "./cut-off-hosts.ts"

const LONGEST_LINE = 64 * 1024
/** So long the last words of a hive that has ended are waited for. */
const LAST_WORDS_MS = 5_000

/** What the main member of a hive has said so far. */
export class HiveWatch implements Disposable {
  readonly job: JobId
  /** Of which attempt. */
  readonly attempt: number
  step: StartingNews["step"] | null = null
  ready: ReadyNews | null = null
  lost: LostNews | null = null
  /** Members whose link is slow, with how long a word to them and back takes, in milliseconds. */
  readonly slow = new Map<number, number>()
  readonly hosts: CutOffHosts
  /** Ranks whose hosts the server did not hear of either when it was said that the hive is lost. */
  cutOff: ReadonlySet<number> = new Set()
  isEnding = false
  /** It began before this run of the server. */
  isOfFormerRun = false
  /** What was said last of how its engine is built; `null`: it is not, or not any more. */
  building: string | null = null
  /** What is at its engine, once that answers. */
  readonly readings: EngineReadings
  /** Has those who had requests there know how its engine ended, as far as that is known by now. */
  settle: () => void = () => {}
  /** Its log is complete and read, or cannot be read: there is no more to hear. */
  hasReadAll = false
  readonly #clock: Clock
  #endSeenAt: number | null = null
  readonly #end = new AbortController()
  readonly #begun = new AbortController()
  readonly #lost = Promise.withResolvers<void>()

  /** Reads from the beginning, and goes on until the log is complete. @param onNews is called after each line that says something */
  constructor(core: Core, { id: job, spec }: JobRecord, attempt: number, hasEnded: boolean, onNews: () => void) {
    this.job = job
    this.attempt = attempt
    this.hosts = new CutOffHosts(core.clock)
    this.#clock = core.clock
    this.readings = new EngineReadings(core.clock)
    const signal = AbortSignal.any([core.signal, this.#end.signal])
    const failed = (error: unknown) => {
      if (!signal.aborted) core.report(`Cannot read what the hive of job ${job} says`, error)
    }
    this.#read(core, hasEnded, signal, onNews)
      .catch(failed)
      .finally(() => {
        this.hasReadAll = true
        if (!signal.aborted) onNews()
      })
    if (!hasEnded && spec.environment != null)
      this.#readBuild(core, AbortSignal.any([signal, this.#begun.signal]), onNews).catch(failed)
  }

  /** Aborted once nobody listens any more. */
  get over(): AbortSignal {
    return this.#end.signal
  }

  /** Resolves once it was said that the hive is lost. */
  get untilLost(): Promise<void> {
    return this.#lost.promise
  }

  /** What a build says, up to the member's own first word. */
  async #readBuild(core: Core, signal: AbortSignal, onNews: () => void): Promise<void> {
    const log = core.logs.read(this.job, this.attempt, false, 0)
    let rest = ""
    for await (const bytes of readRaw(log, "stderr", { follow: true, from: 0, to: null, signal })) {
      if (signal.aborted) return
      const lines = (rest + Buffer.from(bytes).toString("latin1")).split("\n")
      rest = (lines.pop() ?? "").slice(0, LONGEST_LINE)
      for (const line of lines) this.building = buildStep(line, this.building)
      onNews()
    }
  }

  async #read(core: Core, hasEnded: boolean, signal: AbortSignal, onNews: () => void): Promise<void> {
    const log = core.logs.read(this.job, this.attempt, hasEnded, 0)
    let rest = ""
    const decoder = new TextDecoder()
    for await (const bytes of readRaw(log, "stdout", { follow: true, from: 0, to: null, signal })) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = (lines.pop() ?? "").slice(0, LONGEST_LINE)
      const news = lines.flatMap((line) => readHiveNews(line) ?? [])
      for (const one of news) this.#note(one)
      if (news.length > 0 && !signal.aborted) onNews()
    }
  }

  /** Its job has ended: whether what it said last is known, or was waited for long enough, as a full disk may keep a log for hours. */
  isHeardOut(): boolean {
    const now = this.#clock.now()
    this.#endSeenAt ??= now
    return this.hasReadAll || now >= this.#endSeenAt + LAST_WORDS_MS
  }

  #note(news: HiveNews): void {
    this.building = null
    this.#begun.abort()
    switch (news.hive) {
      case "starting":
        this.step = news.step
        return
      case "ready":
        this.ready = news
        return
      case "slow":
        if (news.roundTripMs === null) this.slow.delete(news.member)
        else this.slow.set(news.member, news.roundTripMs)
        return
      case "lost":
        if (this.lost === null) this.cutOff = this.hosts.recent()
        this.lost ??= news
        this.#lost.resolve()
        return
      default:
        this.isEnding = true
    }
  }

  [Symbol.dispose](): void {
    this.#end.abort()
  }
}

const LONGEST_STEP = 120

/** What a line of a build tells people (agent/perl/environment.pl, uv); else what was told before. */
export function buildStep(line: string, before: string | null): string | null {
  const [, own] = /^windfall: (.+)/.exec(line) ?? []
  if (own !== undefined) return own.startsWith("the environment is ready") ? null : own.slice(0, LONGEST_STEP)
  const [, step] = before === null ? [] : (/^((?:Resolved|Prepared|Installed|Bytecode compiled) .+)/.exec(line) ?? [])
  return step === undefined ? before : `building its engine: ${step.slice(0, LONGEST_STEP)}`
}
