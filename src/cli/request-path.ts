import { WindfallError } from "../protocol/errors.ts"

/**
 * Refuses a name that is no part of a path: of dots alone, or of nothing. Servers and whatever lies before them read another path then.
 * @throws {WindfallError} invalid_input
 */
export function checkPath(path: string): void {
  const [, ...parts] = path.split("?", 1)[0]!.split("/")
  const odd = parts.find((part) => part === "" || part === "." || part === "..")
  if (odd === undefined) return
  throw new WindfallError(
    "invalid_input",
    odd === "" ? "Cannot ask for what has no name: a name is empty" : `Cannot ask for "${odd}": nothing is called so`,
  )
}
