import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { biggestFolders } from "../../workspace/biggest-folders.ts"
import { isSecretName } from "../../workspace/built-in-rules.ts"
import { leavingLinks } from "../../workspace/leaving-links.ts"
import { type MissingOptions, missingBlobs } from "../../workspace/missing-blobs.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import type { Cli } from "../cli.ts"
import { askYes } from "../prompt.ts"
import { countText, firstAndMore, printable } from "../render/table.ts"
import { say } from "../say.ts"
import { leftOutText } from "./left-out-text.ts"
import { askMissing } from "./upload.ts"

const NAMED_FOLDERS = 5

export interface AnnounceOptions {
  /** Bytes of what has to travel above which it is asked, or warned. */
  readonly warnBytes: number
  readonly yes: boolean
  readonly quiet: boolean
  /** What `--include` named. */
  readonly include: readonly string[]
}

/** What of the scanned folder the server lacks. */
export function missingOf(cli: Cli, scanned: ScannedTree, options: MissingOptions): Promise<PackBlob[]> {
  return missingBlobs(scanned, (hashes) => askMissing(cli, hashes), options)
}

/** What is about to travel, as files (a large one is many blobs), without the lists nobody thinks of as files. */
export function travellingFiles(
  scanned: ScannedTree,
  missing: readonly PackBlob[],
): { readonly files: number; readonly bytes: number } {
  const sources = [...scanned.blobsOf(new Set(missing.map(({ hash }) => hash))).sources.values()]
  return {
    files: new Set(sources.map(({ path }) => path)).size,
    bytes: sources.reduce((sum, one) => sum + one.bytes, 0),
  }
}

/** A line for each of the folders that most of what travels is in; where that is not known, of the whole folder. */
export function biggestFolderLines(scanned: ScannedTree, missing: readonly PackBlob[] | undefined): string[] {
  const hashes = missing && new Set(missing.map(({ hash }) => hash))
  return biggestFolders(scanned, NAMED_FOLDERS, hashes).map(({ path, bytes }) => {
    const name = path === "" ? "(files at the top)" : `${printable(path)}/`
    return `  ${formatBytes(bytes).padStart(8)}  ${name}`
  })
}

/**
 * Says what is about to travel and what stays home, and asks where it is much.
 * @throws {WindfallError} `invalid_input` when the person says no
 */
export async function announceTravel(
  cli: Cli,
  scanned: ScannedTree,
  missing: readonly PackBlob[],
  { quiet, yes, warnBytes, include }: AnnounceOptions,
): Promise<void> {
  const { files, bytes } = travellingFiles(scanned, missing)
  if (!quiet && files > 0) {
    const count = files === scanned.files ? countText(files) : `${files} of ${countText(scanned.files)}`
    await say(cli, `sending ${count}, ${formatBytes(bytes)}`)
  }
  // Also when no file travels: a new link is in the list of its folder.
  if (!quiet) {
    const leftOut = leftOutText(scanned.leftOut.filter(({ why }) => why !== "special"))
    if (leftOut !== undefined) await say(cli, `left out: ${leftOut}`)
    await sayLeavingLinks(cli, scanned)
  }
  // Nothing else can have brought them in.
  const secrets = include.length === 0 ? [] : secretsIn(scanned)
  if (secrets.length > 0) await say(cli, `secret files travel, as you asked: ${secrets.map(printable).join(", ")}`)
  if (bytes < warnBytes || yes) return
  await say(cli, `that is more than ${formatBytes(warnBytes)}. The biggest folders:`)
  await cli.stderr.write(`${biggestFolderLines(scanned, missing).join("\n")}\n`)
  if (!cli.isInteractive || (await askYes(cli, "windfall: send all this?"))) return
  throw new WindfallError("invalid_input", "Cannot send: you said no", {
    hint: "Keep folders home with a .windfallignore file; it is written like a .gitignore.",
  })
}

async function sayLeavingLinks(cli: Cli, scanned: ScannedTree): Promise<void> {
  const links = leavingLinks(scanned, scanned.previous)
  if (links.length === 0) return
  const named = firstAndMore(links.map(({ path }) => printable(path)))
  await say(cli, `links that point out of the folder and to something else on a host: ${named}`)
}

/** Secret files among what travels. */
export function secretsIn(scanned: ScannedTree): string[] {
  const found: string[] = []
  for (const { path, entry } of scanned.entries()) {
    if (entry.kind === "file" && path.split("/").some(isSecretName)) found.push(path)
  }
  return found
}
