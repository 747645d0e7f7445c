import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { BlobHasher } from "../../workspace/hash.ts"
import { makeFolder } from "../../workspace/make-folder.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { sourceBlob } from "../../workspace/sources.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { keepError } from "../keep-error.ts"
import { say } from "../say.ts"
import { StdinProgress } from "./stdin-progress.ts"

/** A job's standard input, ready to travel. Disposing removes the copy. */
export interface StdinBlob extends Disposable {
  readonly hash: BlobHash
  readonly blob: PackBlob
}

export interface StdinOptions {
  readonly quiet: boolean
  /** At most this much is taken of what has no size of its own. @default MAX_STREAM_BYTES */
  readonly maxStreamBytes?: number
}

/** What comes through a pipe may have no end, and would fill the disk. */
export const MAX_STREAM_BYTES = 16 * 1024 ** 3

let copies = 0

/**
 * Takes the job's standard input from a file, or with "-" from this command's own, to its end, through a private copy on
 * disk: it may be larger than memory, and it must be able to travel twice.
 * @throws {WindfallError} `file_not_found`, `too_large`, or as {@link keepError}
 */
export async function takeStdin(cli: Cli, from: string, options: StdinOptions): Promise<StdinBlob> {
  const input = from === "-" ? 0 : checkFile(path.resolve(cli.cwd, from))
  const folder = path.join(cli.settings.cacheFolder, "stdin")
  makeFolder(folder, { doing: keepingIn(folder), hint: KEEP_ELSEWHERE, mode: 0o700 })
  const { copy, file } = keeping(folder, () => {
    const copy = path.join(folder, `${process.pid}-${++copies}`)
    return { copy, file: fs.openSync(copy, "w", 0o600) }
  })
  const isTyped = from === "-" && cli.isInteractive
  if (isTyped) await say(cli, "reading standard input; Ctrl-D ends it")
  const hasher = new BlobHasher()
  try {
    // What would be shown would stand in what is typed.
    await using progress = new StdinProgress(cli, { quiet: options.quiet || isTyped })
    const hasSize = (input === 0 ? fs.fstatSync(0) : fs.statSync(input)).isFile()
    const mostBytes = hasSize ? Number.POSITIVE_INFINITY : (options.maxStreamBytes ?? MAX_STREAM_BYTES)
    for await (const chunk of input === 0 ? process.stdin : fs.createReadStream(input)) {
      const piece = chunk as Buffer
      progress.bytes += piece.length
      if (progress.bytes > mostBytes) throw tooLong(mostBytes)
      hasher.update(piece)
      keeping(folder, () => fs.writeSync(file, piece))
    }
    const hash = hasher.digest()
    return {
      hash,
      blob: sourceBlob(hash, { path: copy, start: 0, bytes: progress.bytes }),
      [Symbol.dispose]: () => fs.rmSync(copy, { force: true }),
    }
  } catch (error) {
    fs.rmSync(copy, { force: true })
    throw error
  } finally {
    fs.closeSync(file)
  }
}

function keeping<Result>(folder: string, keep: () => Result): Result {
  try {
    return keep()
  } catch (error) {
    throw keepError(error, keepingIn(folder), KEEP_ELSEWHERE)
  }
}

const KEEP_ELSEWHERE = "Make that folder one you can write to, or name another with XDG_CACHE_HOME"

function keepingIn(folder: string): string {
  return `keep a copy of standard input in ${folder}`
}

function tooLong(maxBytes: number): WindfallError {
  return new WindfallError(
    "too_large",
    `Cannot send standard input: it has more than ${formatBytes(maxBytes)}, and no end in sight`,
    { hint: "Write it to a file first, and give that: --stdin=FILE" },
  )
}

/** Looks whether there is something to take, without reading it. @throws {WindfallError} `file_not_found` */
export function checkStdin(cli: Cli, from: string): void {
  if (from !== "-") checkFile(path.resolve(cli.cwd, from))
}

function checkFile(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory()) {
    throw new WindfallError(
      "file_not_found",
      `Cannot use ${file} as standard input: ${stat === undefined ? "there is no such file" : "it is a folder"}`,
      { hint: "Name a file: --stdin=FILE. --stdin alone takes what this command itself is given" },
    )
  }
  return file
}
