import {
  type HiveNews,
  type LostNews,
  type ReadyNews,
  readHiveNews,
  type StartingNews,
} from "../../hive/order/hive-news.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import { readRaw } from "../logs/read-log.ts"

const LONGEST_LINE = 64 * 1024

/** What the main member of a hive has said so far. */
export class HiveWatch implements Disposable {
  readonly job: JobId
  /** Of which attempt. */
  readonly attempt: number
  step: StartingNews["step"] | null = null
  ready: ReadyNews | null = null
  lost: LostNews | null = null
  isEnding = false
  readonly #end = new AbortController()

  /** Reads from the beginning, and goes on until the log is complete. @param onNews is called after each line that says something */
  constructor(core: Core, job: JobId, attempt: number, hasEnded: boolean, onNews: () => void) {
    this.job = job
    this.attempt = attempt
    const signal = AbortSignal.any([core.signal, this.#end.signal])
    this.#read(core, hasEnded, signal, onNews).catch((error) => {
      if (!signal.aborted) core.report(`Cannot read what the hive of job ${job} says`, error)
    })
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

  #note(news: HiveNews): void {
    switch (news.hive) {
      case "starting":
        this.step = news.step
        return
      case "ready":
        this.ready = news
        return
      case "lost":
        this.lost ??= news
        return
      default:
        this.isEnding = true
    }
  }

  [Symbol.dispose](): void {
    this.#end.abort()
  }
}
