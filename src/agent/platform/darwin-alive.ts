import { spawnSync } from "node:child_process"
import { parseProcesses } from "./darwin-text.ts"

/** Identity by start time has a grain of a second here, and the two readings are of different clocks. */
const START_GRAIN_S = 2
/** Identities found lately: asking `ps` costs some milliseconds, and a pid does not come round again that soon. */
const HOLDS_MS = 5_000
/** Nothing else goes on in this process while `ps` is asked. */
const PATIENCE_MS = 1_000
/** What was never seen as itself is asked for more than once, as it may yet be a stranger with its pid. */
const TRIES_FOR_NEW = 3

/** How `ps -p PID` ended. */
export interface PsOutcome {
  /** `null`: it could not be started, took too long, or a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * What `ps -p PID` tells of the process that started at `start`: `gone` only where it says so, by printing nothing and exiting with 1, or by
 * a row of a zombie or of a process with another start. All else is a `ps` that failed, which says nothing of the process.
 */
export function identityBy({ status, stdout, stderr }: PsOutcome, start: string): "same" | "gone" | "unknown" {
  if (status === 1 && stdout.trim() === "" && stderr.trim() === "") return "gone"
  if (status !== 0) return "unknown"
  const [row] = parseProcesses(stdout, null)
  if (row !== undefined) return Math.abs(Number(row.start) - Number(start)) <= START_GRAIN_S ? "same" : "gone"
  return ZOMBIE.test(stdout) ? "gone" : "unknown"
}

/** By its state, in the fifth column. */
const ZOMBIE = /^\s*\d+\s+\d+\s+\d+\s+\d+\s+Z/

/** Asks `ps` of a process with this pid, until it says something, a few times. */
function askPs(ps: string, words: readonly string[], env: Readonly<Record<string, string>>) {
  return (pid: number, start: string, tries: number) => {
    let found: ReturnType<typeof identityBy> = "unknown"
    for (let tried = 0; found === "unknown" && tried < tries; tried++) {
      const outcome = spawnSync(ps, [...words, String(pid)], { timeout: PATIENCE_MS, killSignal: "SIGKILL", env })
      const { status, stdout, stderr } = outcome
      found = identityBy({ status, stdout: String(stdout ?? ""), stderr: String(stderr ?? "") }, start)
    }
    return found
  }
}

/** As {@link aliveBy} where it must not be a stranger: asked for each time, and false where `ps` fails. */
export function surelyBy(
  ps: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): (pid: number, start: string) => boolean {
  const ask = askPs(ps, words, env)
  return (pid, start) => isThere(pid) && ask(pid, start, TRIES_FOR_NEW) === "same"
}

/** Whether this account has a process with this pid. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // Gone, or of another account, and so another one.
    return false
  }
}

/**
 * Tells whether the process with a pid is the one that started then. Where `ps` fails, what is known stays: who has the pid counts as it.
 *
 * @param words of `ps`, before the pid
 */
export function aliveBy(
  ps: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): (pid: number, start: string) => boolean {
  const asked = new Map<string, number>()
  const ask = askPs(ps, words, env)
  return (pid, start) => {
    if (!isThere(pid)) return false
    const key = `${pid} ${start}`
    const before = asked.get(key)
    const atMs = performance.now()
    if (before !== undefined && atMs - before < HOLDS_MS) return true
    const found = ask(pid, start, before === undefined ? TRIES_FOR_NEW : 1)
    if (asked.size > 1_000) asked.clear()
    if (found === "gone") asked.delete(key)
    else asked.set(key, performance.now())
    return found !== "gone"
  }
}
