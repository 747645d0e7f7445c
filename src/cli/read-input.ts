import { WindfallError } from "../protocol/errors.ts"
import { fs, path } from "./builtin.ts"
import type { Cli } from "./cli.ts"
import { readReason } from "./read-reason.ts"

/** What is said of a file that cannot be read. */
export interface InputKind {
  /** `a job file` */
  readonly what: string
  readonly maxBytes: number
  readonly tooLarge: (name: string) => WindfallError
  readonly folderHint?: (typed: string) => string
  readonly missingHint?: string
}

/** How a file is called in messages. */
export function inputName(typed: string): string {
  return typed === "-" ? "standard input" : typed
}

/**
 * The text of a file that somebody named, or of standard input for `-`.
 * @throws {WindfallError} when there is none, when it is too large, or not UTF-8
 */
export function readInput(cli: Cli, typed: string, kind: InputKind): string {
  const bytes = readBytes(cli, typed, kind)
  if (bytes.length > kind.maxBytes) throw kind.tooLarge(inputName(typed))
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new WindfallError("invalid_input", `Cannot read ${inputName(typed)}: it is not UTF-8 text`, {
      hint: "Save it as UTF-8",
    })
  }
}

/** One byte more than a file may have at most: that is enough to refuse it, and there may be no end to it. */
function readBytes(cli: Cli, typed: string, kind: InputKind): Uint8Array {
  const named = typed === "-" ? null : path.resolve(cli.cwd, typed)
  try {
    const file = named === null ? 0 : fs.openSync(named, "r")
    try {
      return readUpTo(file, kind.maxBytes + 1)
    } finally {
      if (named !== null) fs.closeSync(file)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EISDIR") {
      throw new WindfallError("invalid_input", `Cannot read ${typed}: it is a folder, not ${kind.what}`, {
        hint: kind.folderHint?.(typed),
      })
    }
    throw new WindfallError("file_not_found", `Cannot read ${inputName(typed)}: ${readReason(error)}`, {
      hint: code === "ENOENT" ? kind.missingHint : undefined,
    })
  }
}

/** Piece by piece, so that a small file takes little memory whatever it may have at most. */
function readUpTo(file: number, maxBytes: number): Uint8Array {
  const pieces: Buffer[] = []
  let length = 0
  while (length < maxBytes) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, maxBytes - length))
    const read = fs.readSync(file, piece, 0, piece.length, null)
    if (read === 0) break
    pieces.push(piece.subarray(0, read))
    length += read
  }
  return Buffer.concat(pieces)
}

const PIECE_BYTES = 1024 * 1024
