import { WindfallError } from "../../protocol/errors.ts"

/**
 * Parses JSON that somebody wrote.
 * @throws {WindfallError} `invalid_input` with line and column, where the parser says them
 */
export function describedJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""))
  } catch (error) {
    const reason = (error as SyntaxError).message
    const [, place] = /at position (\d+)/.exec(reason) ?? []
    const before = place === undefined ? null : text.slice(0, Number(place)).split("\n")
    const where = before === null ? "" : `:${before.length}:${before.at(-1)!.length + 1}`
    const short = reason.replace(/ in JSON at position .*$/s, "").replace(/, ".*" is not valid JSON$/s, "")
    throw new WindfallError("invalid_input", `Cannot read ${name}${where}: it is no JSON: ${short}`, { cause: error })
  }
}
