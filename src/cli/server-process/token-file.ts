import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { readReason } from "../read-reason.ts"

const LONGEST_TOKEN = 4_096

/**
 * The file of `windfall up --hub-token-file`, whole. The server reads it anew each time it asks the hub: what cannot be read is to be said
 * while somebody looks.
 * @throws {WindfallError} `file_not_found`, `invalid_input` where it has no token
 */
export function tokenFile(cli: Pick<Cli, "cwd">, typed: string): string {
  const full = path.resolve(cli.cwd, typed)
  let text: string
  try {
    text = fs.readFileSync(full, "utf8")
  } catch (error) {
    throw new WindfallError("file_not_found", `Cannot read the hub's token from ${full}: ${readReason(error)}`, {
      hint: "Name a file that has the token alone: windfall up --hub-token-file FILE",
    })
  }
  const token = text.trim()
  if (token.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(token)) return full
  throw new WindfallError("invalid_input", `Cannot use what is in ${full} as the hub's token: it is none`, {
    hint: "It has the token alone, in one line",
  })
}
