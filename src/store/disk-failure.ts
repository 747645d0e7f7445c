import { WindfallError } from "../protocol/errors.ts"

const SQLITE_FULL = 13
const SQLITE_IOERR = 10

/**
 * What SQLite threw, as `disk_full` where its disk is full or takes nothing any more for another reason; `undefined` for
 * anything else.
 */
export function diskFailure(error: unknown, doing: string): WindfallError | undefined {
  const { errcode, message } = error as { errcode?: number; message?: string }
  // The lowest byte is the primary code; the rest says in which call it happened.
  if (errcode === undefined || ![SQLITE_FULL, SQLITE_IOERR].includes(errcode & 0xff)) return undefined
  return new WindfallError("disk_full", `Cannot ${doing}: ${message}`, {
    hint: "Make room on the disk that holds the server's data folder",
    cause: error,
  })
}
