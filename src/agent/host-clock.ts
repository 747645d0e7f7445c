import { uptime } from "node:os"
import { type Clock, systemClock } from "../base/clock.ts"
import { readIfThere } from "./own-file.ts"

/** A host's clock: wall time, and one that counts the time a machine sleeps, which timers do not. */
export interface HostClock extends Clock {
  /** Milliseconds since the boot, sleep included (CLOCK_BOOTTIME; on macOS from kern.boottime). For limits. */
  sleepCountingMs(): number
  /** What is added to the machine's wall clock now. */
  offsetMs(): number
}

/**
 * The machine's clock, moved: by a number of milliseconds, or as `@FILE` says, which is read anew at each look, so that the
 * lab can move the clock of a running agent. The file holds the offset of wall time and, optionally, how long the
 * machine is to have slept, both in milliseconds.
 */
export function hostClock(offset: string): HostClock {
  const file = offset.startsWith("@") ? offset.slice(1) : null
  const fixed = readOffsets(offset)
  const current = () => (file === null ? fixed : readOffsets(readIfThere(file) ?? ""))
  const system = systemClock()
  const clocks = { uptimeS: uptime, steadyMs: () => performance.now(), wallMs: () => Date.now() }
  const bootMs = sleepCounter(process.platform === "darwin" ? { ...clocks, uptimeS: macUptimeS(clocks) } : clocks)
  return {
    now: () => Date.now() + current().wallMs,
    monotonicMs: () => system.monotonicMs(),
    sleepCountingMs: () => bootMs() + current().sleptMs,
    sleep: (ms, options) => system.sleep(ms, options),
    offsetMs: () => current().wallMs,
  }
}

/** Clocks of the system that a counter is made of. */
export interface SystemClocks {
  /** Since the boot, sleep included; cut to whole seconds on macOS and where there is no /proc (libuv's uv_uptime). */
  readonly uptimeS: () => number
  /** Stands still in sleep, or does not. */
  readonly steadyMs: () => number
  readonly wallMs: () => number
}

/**
 * Milliseconds since the boot, sleep included, in whole ones and never backwards. Between two looks at the uptime the steady clock counts,
 * and afterwards as long as the uptime agrees, which tells of sleep but may be a second behind: who took it as it is would see time leap
 * and stand still by turns.
 */
export function sleepCounter({ uptimeS, steadyMs, wallMs }: SystemClocks): () => number {
  let base: { readonly uptimeMs: number; readonly steady: number; readonly wall: number } | undefined
  return () => {
    const [steady, wall] = [steadyMs(), wallMs()]
    const since = base === undefined ? 0 : steady - base.steady
    const counted = (base?.uptimeMs ?? 0) + since
    // Asking costs opening a file on Linux. A moment ago will do when no sleep and no step of the clock has come between:
    // then wall time and the clock that stands still in sleep have gone on alike.
    if (base !== undefined && since <= FRESH_MS && Math.abs(wall - base.wall - since) <= ALIKE_MS)
      return Math.round(counted)
    const askedMs = uptimeS() * 1000
    const uptimeMs = base === undefined ? askedMs : Math.max(askedMs, Math.min(counted, askedMs + UPTIME_GRAIN_MS))
    base = { uptimeMs: Math.max(uptimeMs, base?.uptimeMs ?? 0), steady, wall }
    return Math.round(base.uptimeMs)
  }
}

/**
 * Node's uptime on macOS is the second of the wall clock less that of the boot (libuv's uv_uptime): with the wall clock's part of a second it
 * goes on evenly, and is the same for each process. It differs from the true uptime by the part of a second at which the Mac booted.
 */
export function macUptimeS({ uptimeS, wallMs }: Pick<SystemClocks, "uptimeS" | "wallMs">): () => number {
  return () => {
    for (;;) {
      const before = wallMs()
      const uptime = uptimeS()
      const after = wallMs()
      // Both have to be of the same second.
      if (Math.floor(before / 1000) !== Math.floor(after / 1000)) continue
      return Number.isInteger(uptime) ? uptime + (after % 1000) / 1000 : uptime
    }
  }
}

const FRESH_MS = 500
const ALIKE_MS = 20
const UPTIME_GRAIN_MS = 1_000

function readOffsets(text: string): { readonly wallMs: number; readonly sleptMs: number } {
  const [wallMs = 0, sleptMs = 0] = text.trim().split(/\s+/).map(Number)
  return { wallMs: Math.round(wallMs) || 0, sleptMs: Math.round(sleptMs) || 0 }
}
