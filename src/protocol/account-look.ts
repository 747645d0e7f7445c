import { WindfallError } from "./errors.ts"

/** Whether a Mac has an account of a name, as its system says. A part of the answer to POST /v1/hosts/HOST/owner. */
export type AccountLook =
  | { readonly found: "there" }
  /** `nearest`: what the system took the name for, as where only its case differs. */
  | { readonly found: "missing"; readonly nearest: string | null }
  /** It could not be told: why, in words. */
  | { readonly found: "unknown"; readonly reason: string }

/** Where the Mac does not say that there is none. */
export type AcceptedLook = Exclude<AccountLook, { readonly found: "missing" }>

const MOST_REASON = 300

/** Reads what an agent answers. @throws {WindfallError} corrupt_data */
export function readAccountLook(value: unknown): AccountLook {
  const { found, nearest, reason } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (found === "there") return { found }
  if (found === "missing") return { found, nearest: isAccountName(nearest) ? nearest : null }
  if (found === "unknown" && typeof reason === "string") return { found, reason: reason.slice(0, MOST_REASON) }
  throw new WindfallError("corrupt_data", "Cannot look for an account: the agent answers something else")
}

/** A short name as macOS lets one be; never an option of a command. */
export function isAccountName(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(value)
}
