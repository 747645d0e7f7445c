import { type ChildProcess, spawn } from "node:child_process"
import type { Readable } from "node:stream"
import type { EngineEnd, EngineLaunch } from "../hive/engines/engine-adapter.ts"
import type { StoppedNews } from "../hive/order/hive-news.ts"
import type { HiveLimits } from "../hive/order/hive-order.ts"
import type { FoundEngine } from "./find-engine.ts"
import { Guardian, guardOfEngine } from "./guardian.ts"
import type { MemberContext } from "./member-context.ts"

/** What is kept of what it said, to tell why it ended. */
const KEPT_LINES = 200
const LONGEST_LINE = 16_384
const APART_MS = 100
const AGAIN_MS = 1_000

export type StoppedBy = StoppedNews["by"]

/** A process of the engine, as its author ships it. Its lines go to the log; the last ones are kept. */
export class EngineProcess {
  readonly launch: EngineLaunch
  readonly ended: Promise<EngineEnd>
  readonly lastLines: string[] = []
  readonly #child: ChildProcess
  readonly #guardian: Guardian | null
  readonly #listeners = new Set<(line: string) => void>()
  #end: EngineEnd | null = null
  #stopping: Promise<StoppedBy> | null = null

  constructor(context: MemberContext, found: FoundEngine, launch: EngineLaunch) {
    this.launch = launch
    const program = found.programs[launch.program] ?? ""
    this.#child = spawn(program, [...launch.arguments], {
      env: { ...context.environment, ...launch.environment },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: what asks this member to end must not end the engine under its requests.
      detached: true,
    })
    this.#guardian = this.#child.pid === undefined ? null : new Guardian(guardOfEngine(this.#child.pid), context.clock)
    const line = (text: string) => {
      this.lastLines.push(text)
      if (this.lastLines.length > KEPT_LINES) this.lastLines.shift()
      context.log(text)
      for (const listener of this.#listeners) listener(text)
    }
    for (const stream of [this.#child.stdout, this.#child.stderr]) if (stream !== null) eachLine(stream, line)
    this.ended = new Promise((resolve) => {
      const end = (exitCode: number | null, signal: string | null) => {
        this.#guardian?.release()
        this.#end ??= { exitCode, signal }
        resolve(this.#end)
      }
      this.#child.once("error", (error) => {
        line(error.message)
        if (this.#child.pid === undefined) end(127, null)
      })
      // Not "exit": its last words are then still on their way.
      this.#child.once("close", end)
    })
  }

  /** `null` where it did not begin. */
  get pid(): number | null {
    return this.#child.pid ?? null
  }

  get isOver(): boolean {
    return this.#end !== null
  }

  /** Calls with each line from now on. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.add(listener)
  }

  /**
   * Ends it: asks, asks again (which ends llama-server at once, while the first may wait for ever), kills. Several callers share one stop.
   */
  stop(context: Pick<MemberContext, "clock" | "hurried">, limits: HiveLimits): Promise<StoppedBy> {
    this.#stopping ??= this.#stop(context, limits).finally(() => this.#guardian?.gone)
    return this.#stopping
  }

  async #stop({ clock, hurried }: Pick<MemberContext, "clock" | "hurried">, limits: HiveLimits): Promise<StoppedBy> {
    if (this.isOver || !this.#signal("SIGTERM")) return "ended"
    // One that is stopped hears of it only when it goes on.
    this.#signal("SIGCONT")
    // Two that come at once count as one.
    if (await this.#endsWithin(clock, APART_MS)) return "ended"
    if (await this.#endsWithin(clock, limits.graceMs, hurried)) return "ended"
    const untilMs = clock.monotonicMs() + limits.killMs
    while (clock.monotonicMs() < untilMs) {
      this.#signal("SIGTERM")
      if (await this.#endsWithin(clock, Math.min(AGAIN_MS, limits.killMs))) return "second"
    }
    this.#signal("SIGKILL")
    await this.ended
    return "killed"
  }

  async #endsWithin(clock: MemberContext["clock"], ms: number, cut?: AbortSignal): Promise<boolean> {
    const over = new AbortController()
    const signal = cut === undefined ? over.signal : AbortSignal.any([over.signal, cut])
    await Promise.race([this.ended, clock.sleep(ms, { signal }).catch(() => {})])
    over.abort()
    return this.isOver
  }

  #signal(name: NodeJS.Signals): boolean {
    return this.#child.kill(name)
  }
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = ""
  stream.setEncoding("utf8")
  stream.on("data", (piece: string) => {
    const lines = (rest + piece).split("\n")
    rest = lines.pop() ?? ""
    if (rest.length > LONGEST_LINE) {
      lines.push(rest)
      rest = ""
    }
    for (const line of lines) take(line.trimEnd().slice(0, LONGEST_LINE))
  })
  stream.on("end", () => {
    if (rest !== "") take(rest)
  })
}
