import { WindfallError } from "../../protocol/errors.ts"
import { errorCode } from "../../workspace/disk-error.ts"

const FULL: ReadonlySet<string | undefined> = new Set(["disk_full", "ENOSPC", "EDQUOT"])

/** Says whose disk is full: whoever reads it sits at another machine, whose disk has room. Other errors come back as they are. */
export function blameServerDisk(error: unknown): unknown {
  if (!FULL.has(errorCode(error))) return error
  return new WindfallError("disk_full", "Cannot store what was sent: the server's disk is full", {
    hint: "Who runs the server must make room on the disk that holds its data folder. Then send again",
    cause: error,
  })
}
