import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { BlobHasher } from "../../workspace/hash.ts"
import { makePrivateFolder } from "../../workspace/make-folder.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { sourceBlob } from "../../workspace/sources.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { OWN_FOLDERS_HINT } from "../config.ts"
import { say } from "../say.ts"

/** A job's standard input, ready to travel. Disposing removes the copy. */
export interface StdinBlob extends Disposable {
  readonly hash: BlobHash
  readonly blob: PackBlob
}

let copies = 0

/**
 * Takes the job's standard input from a file, or with "-" from this command's own, to its end, through a private copy on
 * disk: it may be larger than memory, and it must be able to travel twice.
 * @throws {WindfallError} `file_not_found`
 */
export async function takeStdin(cli: Cli, from: string): Promise<StdinBlob> {
  const folder = path.join(cli.settings.cacheFolder, "stdin")
  makePrivateFolder(folder, OWN_FOLDERS_HINT)
  const copy = path.join(folder, `${process.pid}-${++copies}`)
  const hasher = new BlobHasher()
  let bytes = 0
  if (from === "-" && cli.isInteractive) await say(cli, "reading standard input; Ctrl-D ends it")
  const file = fs.openSync(copy, "w", 0o600)
  try {
    for await (const chunk of from === "-" ? process.stdin : openFile(path.resolve(cli.cwd, from))) {
      const piece = chunk as Buffer
      hasher.update(piece)
      fs.writeSync(file, piece)
      bytes += piece.length
    }
  } catch (error) {
    fs.rmSync(copy, { force: true })
    throw error
  } finally {
    fs.closeSync(file)
  }
  const hash = hasher.digest()
  return {
    hash,
    blob: sourceBlob(hash, { path: copy, start: 0, bytes }),
    [Symbol.dispose]: () => fs.rmSync(copy, { force: true }),
  }
}

function openFile(file: string): AsyncIterable<Buffer> {
  checkFile(file)
  return fs.createReadStream(file)
}

/** Looks whether there is something to take, without reading it. @throws {WindfallError} `file_not_found` */
export function checkStdin(cli: Cli, from: string): void {
  if (from !== "-") checkFile(path.resolve(cli.cwd, from))
}

function checkFile(file: string): void {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory()) {
    throw new WindfallError(
      "file_not_found",
      `Cannot use ${file} as standard input: ${stat === undefined ? "there is no such file" : "it is a folder"}`,
      { hint: "Name a file: --stdin=FILE. --stdin alone takes what this command itself is given" },
    )
  }
}
