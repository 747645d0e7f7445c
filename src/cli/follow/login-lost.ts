import { WindfallError } from "../../protocol/errors.ts"

/**
 * What an error means to a command that the server had let in before: a token that is refused now was revoked, or has expired,
 * meanwhile. Any other error comes back as it is.
 * @param doing as in "Cannot ... any longer"
 */
export function orLoginLost(error: unknown, doing: string): unknown {
  if (!(error instanceof WindfallError)) return error
  if (error.code !== "not_logged_in" && error.code !== "token_expired") return error
  const why = error.code === "token_expired" ? "the token has expired" : "the token was revoked"
  return new WindfallError("login_lost", `Cannot ${doing} any longer: ${why}`, {
    hint: "Log in again with another token: windfall login URL",
    cause: error,
  })
}
