import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import { isId } from "../protocol/ids.ts"
import { withBallastSync } from "./ballast.ts"
import { writeDurably } from "./durable-file.ts"
import { readIfThere, reopening, systemCode } from "./own-file.ts"
import {
  parseRecord,
  parseStatus,
  parseSwept,
  type SupervisorRecord,
  type SupervisorStatus,
  type SupervisorSwept,
} from "./supervisor-text.ts"

/** Lies in the folder of an attempt beside which a shell was opened. */
const SHELLS = "shells"

/** What an attempt's folder says about it. */
export interface InspectedAttempt {
  /** `null` when the order cannot be read (a power cut before it reached the disk). */
  readonly order: AttemptOrder | null
  /** `null`: no supervisor took the right to run. */
  readonly record: SupervisorRecord | null
  /** A supervisor's record that was on the disk but not yet in force: after a restart the command may have run. */
  readonly intent: SupervisorRecord | null
  readonly status: SupervisorStatus | null
  /** A supervisor has taken room for a status, which it does just before it writes a record. */
  readonly hasRoom: boolean
  readonly swept: SupervisorSwept | null
  /** A shell was opened beside it. */
  readonly hadShell: boolean
}

/** Reads an attempt's folder. What the job has closed is opened; what is damaged counts as not there. */
export function inspectAttempt(path: string): InspectedAttempt {
  let names: string[] = []
  try {
    names = reopening(path, () => readdirSync(path))
  } catch {
    // Not there: everything is null.
  }
  const read = <T>(pattern: RegExp, parse: (text: string) => T | null): T | null => {
    for (const name of names.filter((candidate) => pattern.test(candidate)).sort()) {
      const found = parse(readIfThere(join(path, name)) ?? "")
      if (found !== null) return found
    }
    return null
  }
  const intent = read(/^record\.\d+$/, parseRecord)
  return {
    order: parseOrder(readIfThere(join(path, "order.json"))),
    // By its name alone it tells that the command may have run; what it was made from says the rest.
    record: read(/^record$/, parseRecord) ?? (names.includes("record") ? intent : null),
    intent,
    // `status.PID` is whole and synced before it becomes `status`: it counts when its supervisor died in between.
    status: read(/^status(\.\d+)?$/, parseStatus),
    hasRoom: names.some((name) => /^status\.\d+$/.test(name)),
    swept: read(/^swept$/, parseSwept),
    hadShell: names.includes(SHELLS),
  }
}

/**
 * Makes an attempt's folder, exclusively, with its order, its secrets (a file of their own, for this account only) and
 * empty `work` and `tmp`. Returns the folder's inode. On failure nothing is left behind.
 */
export function createAttempt(path: string, order: AttemptOrder, secrets: Readonly<Record<string, string>>): number {
  makePrivate(path)
  try {
    mkdirSync(join(path, "work"), { mode: 0o700 })
    mkdirSync(join(path, "tmp"), { mode: 0o700 })
    writeFileSync(join(path, "order.json"), JSON.stringify(order), { mode: 0o600 })
    if (Object.keys(secrets).length > 0) {
      writeFileSync(join(path, "secrets"), JSON.stringify(secrets), { mode: 0o600 })
    }
    return statSync(path).ino
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    throw error
  }
}

/** Makes a folder that must not be there. A job can have removed those above it, they share the account. */
function makePrivate(path: string): void {
  try {
    reopening(path, () => mkdirSync(path, { mode: 0o700 }))
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    mkdirSync(path, { mode: 0o700 })
  }
}

/** As {@link createAttempt}, where a supervisor may have made some of it already. */
export function completeAttempt(path: string, order: AttemptOrder, secrets: Readonly<Record<string, string>>): number {
  for (const name of ["", "work", "tmp"]) {
    reopening(path, () => mkdirSync(join(path, name), { recursive: true, mode: 0o700 }))
  }
  writeFileSync(join(path, "order.json"), JSON.stringify(order), { mode: 0o600 })
  if (Object.keys(secrets).length > 0) {
    writeFileSync(join(path, "secrets"), JSON.stringify(secrets), { mode: 0o600 })
  }
  return statSync(path).ino
}

export function readSecrets(path: string): Readonly<Record<string, string>> {
  const text = readIfThere(join(path, "secrets"))
  if (text === null) return {}
  try {
    const secrets: unknown = JSON.parse(text)
    const entries = Object.entries(secrets as Record<string, unknown>)
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"))
  } catch {
    return {}
  }
}

/**
 * Writes down that a shell is opened beside an attempt, before it is: whichever agent ends the attempt then knows that its
 * supervisor cannot end all. Not synced, as no shell outlives the host.
 * @throws the system's error (ENOSPC...)
 */
export function noteShell(path: string): void {
  try {
    reopening(join(path, SHELLS), () => writeFileSync(join(path, SHELLS), "", { mode: 0o600, flag: "wx" }))
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error
  }
}

/** Writes down, beside that, which process is the host of such a shell: people are at its other end. Never throws. */
export function noteShellHost(path: string, pid: number): void {
  try {
    reopening(join(path, SHELLS), () => appendFileSync(join(path, SHELLS), `${pid}\n`, { mode: 0o600 }))
  } catch {
    // A full disk: a later agent takes it for one of the job's.
  }
}

/** The hosts of shells that were opened beside an attempt, of any agent; some may be gone. */
export function shellHostsBeside(path: string): number[] {
  return (readIfThere(join(path, SHELLS)) ?? "")
    .split("\n")
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 1)
}

/** Replaces the order on disk, durably (a changed limit must outlive the agent). */
export function rewriteOrder(path: string, order: AttemptOrder): void {
  writeDurably(join(path, "order.json"), JSON.stringify(order))
}

/**
 * Writes down that an attempt is to end, before any signal is sent: the supervisor takes signal, grace and cause from here,
 * and who comes after a crash finishes it. On a full disk the ballast gives the room.
 */
export function writeStop(
  path: string,
  stop: { readonly signal: number; readonly graceMs: number; readonly cause: string },
  ballast: string,
): void {
  const text = `${stop.signal} ${Math.round(stop.graceMs)} ${stop.cause} .\n`
  withBallastSync(ballast, () => writeDurably(join(path, "stop"), text))
}

/** The cause in an attempt's `stop` file, or `null` when nobody asked it to end. */
export function readStopCause(path: string): string | null {
  return /^\d+ \d+ ([a-z_]+) \.\n/.exec(readIfThere(join(path, "stop")) ?? "")?.[1] ?? null
}

/** The sizes of an attempt's output files; 0 for one that is not there, or is no file. */
export function outputSizes(path: string): { readonly stdout: number; readonly stderr: number } {
  return { stdout: fileSize(join(path, "stdout")), stderr: fileSize(join(path, "stderr")) }
}

function fileSize(path: string): number {
  try {
    const found = reopening(path, () => statSync(path))
    return found.isFile() ? found.size : 0
  } catch {
    return 0
  }
}

function parseOrder(text: string | null): AttemptOrder | null {
  if (text === null) return null
  try {
    const order = JSON.parse(text) as AttemptOrder
    return isId("a", order.attempt) && Array.isArray(order.command) ? order : null
  } catch {
    return null
  }
}
