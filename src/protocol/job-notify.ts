import { WindfallError } from "./errors.ts"
import { isId } from "./ids.ts"
import type { JobValues } from "./job-fields.ts"
import { type JobNotify, MOST_JOB_TARGETS, readNotifyOn } from "./notify.ts"
import { readTarget, TARGET_SHAPES } from "./notify-target.ts"

/**
 * What `--notify` and `--notify-on` come to; `--notify none` is nobody.
 * @throws {WindfallError} invalid_input, never with an address, which is a secret
 */
export function notifyOf({ notify, "notify-on": on }: JobValues): JobNotify | null {
  if (notify === undefined && on === undefined) return null
  const refuse = (field: string, problem: string, hint: string) =>
    new WindfallError("invalid_input", `Cannot use --${field}: ${problem}`, { hint, details: { field } })
  const targets = notify?.length === 1 && notify[0] === "none" ? [] : notify
  if ((targets?.length ?? 0) > MOST_JOB_TARGETS) {
    throw refuse("notify", `it names more than ${MOST_JOB_TARGETS} targets`, "Tell one place that many people read")
  }
  for (const target of targets ?? []) {
    try {
      if (!isId("n", target)) readTarget(target)
    } catch (error) {
      throw refuse("notify", (error as SyntaxError).message, `Known: ${TARGET_SHAPES}`)
    }
  }
  try {
    return { targets: targets ?? null, on: on === undefined ? null : readNotifyOn(on) }
  } catch (error) {
    throw refuse("notify-on", (error as SyntaxError).message, "For instance: --notify-on failed,stalled=10m")
  }
}
