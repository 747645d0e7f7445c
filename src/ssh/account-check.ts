import { type AccountTrait, accountText, exposureText, needsConsent } from "../protocol/account-traits.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { ProbeFacts } from "./system-check.ts"

/** What the account is besides one for jobs, as bootstrap.sh found it. */
export function accountTraits(facts: ProbeFacts): AccountTrait[] {
  const user = facts.get("user") ?? ""
  const traits: AccountTrait[] = []
  if (facts.get("admin") === "yes") traits.push("administrator")
  // Nobody sits there: the login window's console is root's.
  if (user !== "root" && facts.get("console") === user && user !== "") traits.push("console_user")
  if (user === "root") traits.push("root")
  return traits
}

/**
 * Keeps jobs out of an account that is somebody's own, unless its owner consents.
 * @throws {WindfallError} host_refused with `details.accountTraits` and `details.user`
 */
export function checkAccount(facts: ProbeFacts, hasConsent: boolean): void {
  const traits = accountTraits(facts)
  if (hasConsent || !needsConsent(traits)) return
  const user = (facts.get("user") ?? "").slice(0, 64)
  throw new WindfallError("host_refused", `Cannot use this machine as a host: ${user} is ${accountText(traits)}`, {
    hint: `${exposureText(user)}. Make an account for jobs there (windfall host account), or with its owner's consent add --account-of-owner`,
    details: { accountTraits: traits, user },
  })
}
