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
  let base = { uptimeMs: 0, steady: Number.NEGATIVE_INFINITY, wall: 0 }
  // Asking costs opening a file on Linux. A moment ago will do when no sleep and no step of the clock has come between:
  // then wall time and the clock that stands still in sleep have gone on alike.
  const bootMs = () => {
    const [steady, wall] = [performance.now(), Date.now()]
    const since = steady - base.steady
    if (since > 500 || Math.abs(wall - base.wall - since) > 20) base = { uptimeMs: uptime() * 1000, steady, wall }
    return Math.round(base.uptimeMs + steady - base.steady)
  }
  return {
    now: () => Date.now() + current().wallMs,
    monotonicMs: () => system.monotonicMs(),
    sleepCountingMs: () => bootMs() + current().sleptMs,
    sleep: (ms, options) => system.sleep(ms, options),
    offsetMs: () => current().wallMs,
  }
}

function readOffsets(text: string): { readonly wallMs: number; readonly sleptMs: number } {
  const [wallMs = 0, sleptMs = 0] = text.trim().split(/\s+/).map(Number)
  return { wallMs: Math.round(wallMs) || 0, sleptMs: Math.round(sleptMs) || 0 }
}
