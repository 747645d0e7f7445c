import { type AccountLook, isAccountName } from "../protocol/account-look.ts"
import { WindfallError } from "../protocol/errors.ts"
import { runProbe } from "./doctor/run-probe.ts"

/** A directory that does not answer keeps `id` waiting. */
const LOOK_MS = 5_000

/**
 * Whether this Mac has an account of that name. `id` asks what the whole system goes by, directories of an organization too, so
 * only its own word counts for a no.
 * @param id the command, by its path: another one in tests
 * @throws {WindfallError} invalid_input for what is no name
 */
export async function lookForAccount(name: unknown, signal: AbortSignal, id = "/usr/bin/id"): Promise<AccountLook> {
  if (!isAccountName(name))
    throw new WindfallError("invalid_input", "Cannot look for an account: that is no name of one")
  const run = await runProbe({ probe: "id", command: [id, "-un", name], timeoutMs: LOOK_MS }, signal)
  if (run.outcome === "missing") return { found: "unknown", reason: `${id} is not there` }
  if (run.outcome === "timed_out") return { found: "unknown", reason: `${id} did not answer in time` }
  const said = run.stdout.replace(/\n$/, "")
  if (run.exitCode === 0 && said === name) return { found: "there" }
  // It takes a number for an account, too, and may not mind the case of letters.
  if (run.exitCode === 0 && isAccountName(said)) return { found: "missing", nearest: said }
  if (run.exitCode === 1 && said === "" && run.stderr.includes("no such user"))
    return { found: "missing", nearest: null }
  return {
    found: "unknown",
    reason: `${id} ended with ${run.exitCode ?? "no exit code"} and no answer that can be read`,
  }
}
