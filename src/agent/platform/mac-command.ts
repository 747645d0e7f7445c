import { execFile } from "node:child_process"
import type { MacOutput } from "../../facts/mac-output.ts"

const MAX_BYTES = 4 * 1024 * 1024
const ENVIRONMENT = { LC_ALL: "C", LANG: "C", TZ: "UTC" }

/**
 * Runs a command of macOS by its absolute path and says what came of it. Never throws and never waits longer than `timeoutMs`: a
 * command that is missing, refuses or hangs is a reason for what it would have told to be unknown.
 */
export function macCommand(
  hint: string,
  path: string,
  parameters: readonly string[],
  timeoutMs: number,
): Promise<MacOutput> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: MAX_BYTES, env: ENVIRONMENT, killSignal: "SIGKILL" } as const
    execFile(path, [...parameters], options, (error, stdout, stderr) => {
      resolve({ hint, text: stdout, problem: error === null ? null : problemOf(error, path, stderr, timeoutMs) })
    })
  })
}

interface Failure {
  readonly code?: string | number | null
  readonly killed?: boolean
}

function problemOf(error: Error & Failure, path: string, stderr: string, timeoutMs: number): MacOutput["problem"] {
  if (error.code === "ENOENT") return { reason: "missing_command", detail: `there is no ${path}` }
  if (error.code === "EACCES") return { reason: "not_permitted", detail: `${path} may not be run` }
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return { reason: "garbage", detail: `${path} printed more than ${MAX_BYTES / 1024 ** 2} MB` }
  }
  if (error.killed === true) return { reason: "timed_out", detail: `${path} did not end in ${timeoutMs / 1000} s` }
  if (/not permitted|must be root|requires entitlement/i.test(stderr)) {
    return { reason: "not_permitted", detail: `${path} may not tell` }
  }
  const how = typeof error.code === "number" ? ` with exit code ${error.code}` : ""
  return { reason: "garbage", detail: `${path} failed${how}` }
}
