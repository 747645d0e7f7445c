import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { MOST_OUTPUT_CHARACTERS, type ProbeOutput } from "../../protocol/doctor-wire.ts"

/** What it and what it started get after being asked to end. */
const GRACE_MS = 500

export interface ProbeRun {
  readonly probe: string
  readonly command: readonly [string, ...string[]]
  readonly timeoutMs: number
  /** More of either stream is dropped. @default {@link MOST_OUTPUT_CHARACTERS} */
  readonly mostBytes?: number
}

/**
 * Runs one command by its absolute path, without a shell, with nothing to read and in English. What it prints past a limit is
 * dropped; past its time it is killed, with all of its group, and not waited for any longer. Never throws.
 */
export function runProbe(
  { probe, command, timeoutMs, mostBytes = MOST_OUTPUT_CHARACTERS }: ProbeRun,
  signal: AbortSignal,
): Promise<ProbeOutput> {
  const [path, ...parameters] = command
  const none = { probe, exitCode: null, stdout: "", stderr: "", isCut: false }
  if (!existsSync(path)) return Promise.resolve({ ...none, outcome: "missing" })
  return new Promise((resolve) => {
    const child = spawn(path, parameters, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { LC_ALL: "C", LANG: "C", TZ: "UTC", HOME: process.env.HOME ?? "/", PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
      detached: true,
    })
    const kept = { stdout: new Kept(mostBytes), stderr: new Kept(mostBytes) }
    let isLate = false
    child.stdout.on("data", (bytes: Buffer) => kept.stdout.add(bytes))
    child.stderr.on("data", (bytes: Buffer) => kept.stderr.add(bytes))
    const end = () => {
      isLate = true
      kill(child.pid, "SIGTERM")
      setTimeout(() => {
        kill(child.pid, "SIGKILL")
        // Whoever still holds the pipes is not waited for.
        child.stdout.destroy()
        child.stderr.destroy()
        setTimeout(() => done("timed_out", null), GRACE_MS).unref()
      }, GRACE_MS).unref()
    }
    const timer = setTimeout(end, timeoutMs)
    signal.addEventListener("abort", end, { once: true })
    const done = (outcome: ProbeOutput["outcome"], exitCode: number | null) => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      const isCut = kept.stdout.isCut || kept.stderr.isCut
      resolve({ probe, outcome, exitCode, stdout: kept.stdout.text(), stderr: kept.stderr.text(), isCut })
    }
    child.once("error", () => done("missing", null))
    child.once("close", (exitCode) => done(isLate ? "timed_out" : "ended", isLate ? null : exitCode))
  })
}

class Kept {
  readonly #pieces: Buffer[] = []
  #bytes = 0
  readonly #most: number
  isCut = false

  constructor(most: number) {
    this.#most = most
  }

  add(bytes: Buffer): void {
    const room = this.#most - this.#bytes
    if (bytes.length > room) this.isCut = true
    if (room <= 0) return
    this.#pieces.push(bytes.subarray(0, room))
    this.#bytes += Math.min(room, bytes.length)
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString("utf8")
  }
}

function kill(pid: number | undefined, name: "SIGTERM" | "SIGKILL"): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch {
    // It has ended.
  }
}
