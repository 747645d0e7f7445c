import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Sleep, withSleep } from "../protocol/sleep.ts"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { readIfThere, reopening } from "./own-file.ts"

/** Less than this is no sleep that anybody noticed, and clocks are not read in the same instant. */
const LEAST_SLEEP_MS = 5_000
/** Looks come about once a second: a gap of this length has a cause. */
const LEAST_GAP_MS = 6_000
/** The system dates its wakes by the second. */
const GRAIN_MS = 2_000

/**
 * Finds out that the host has slept while attempts ran, from gaps between looks: by how far the clock that counts sleep has gone ahead
 * of the one that stands still meanwhile; on macOS, where Node has only clocks that count it, by whether the system woke in the gap
 * (`kern.waketime`). A gap without either is a busy or stopped agent.
 */
export class SleepWatch {
  readonly #context: AgentContext
  #base: Base

  constructor(context: AgentContext) {
    this.#context = context
    this.#base = this.#now()
  }

  /** To be called about once a second while something runs. */
  look(): void {
    const before = this.#base
    const now = this.#now()
    this.#base = now
    const gapMs = now.countingMs - before.countingMs
    const aheadMs = gapMs - (now.cheapMs - before.cheapMs)
    if (aheadMs >= LEAST_SLEEP_MS) this.#slept({ from: Math.round(now.wall - aheadMs), to: now.wall })
    else if (gapMs >= LEAST_GAP_MS) void this.#askSystem(before.wall, now.wall)
  }

  async #askSystem(before: number, now: number): Promise<void> {
    const { platform, clock } = this.#context
    const woke = await platform.wokeAt?.().catch(() => null)
    if (woke == null) return
    const at = woke + clock.offsetMs()
    if (at < before - GRAIN_MS || at > now + GRAIN_MS) return
    this.#slept({ from: before, to: Math.min(now, Math.max(before, at)) })
  }

  #slept({ from, to }: Sleep): void {
    for (const attempt of this.#context.attempts.values()) {
      if (attempt.phase !== "running" || attempt.startedAt === null) continue
      const sleep = { from: Math.max(from, attempt.startedAt), to }
      if (sleep.to - sleep.from < LEAST_SLEEP_MS) continue
      attempt.sleeps = withSleep(attempt.sleeps, sleep)
      keepSleeps(attempt)
      tellSleeps(this.#context, attempt, 1)
    }
  }

  #now(): Base {
    const { clock } = this.#context
    return { cheapMs: clock.monotonicMs(), countingMs: clock.sleepCountingMs(), wall: clock.now() }
  }
}

interface Base {
  readonly cheapMs: number
  readonly countingMs: number
  readonly wall: number
}

/** Tells the server of the last so many sleeps. A repeat changes nothing there. */
export function tellSleeps(context: AgentContext, attempt: Attempt, most = Number.POSITIVE_INFINITY): void {
  for (const sleep of attempt.sleeps.slice(-most))
    tell(context, attempt, { type: "slept", ...nameOf(attempt), ...sleep })
}

const FILE = "sleeps"

/** For the agent that comes with the next link: a sleep mostly ends the present one. Not synced, as the attempt does not outlive the host. */
function keepSleeps({ folder, sleeps }: Attempt): void {
  const path = join(folder, FILE)
  const text = sleeps.map(({ from, to }) => `${from} ${to}\n`).join("")
  try {
    reopening(path, () => writeFileSync(path, text, { mode: 0o600 }))
  } catch {
    // A full disk: then only this agent can tell.
  }
}

/** What an earlier agent kept. A job can write there, too: what does not read as times in order is left out. */
export function readSleeps(folder: string): readonly Sleep[] {
  let sleeps: readonly Sleep[] = []
  for (const line of (readIfThere(join(folder, FILE)) ?? "").split("\n")) {
    const [, from, to] = /^(\d{1,15}) (\d{1,15})$/.exec(line) ?? []
    if (from !== undefined && Number(from) < Number(to))
      sleeps = withSleep(sleeps, { from: Number(from), to: Number(to) })
  }
  return sleeps
}
