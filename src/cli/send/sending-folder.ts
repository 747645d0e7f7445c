import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { biggestFolders } from "../../workspace/biggest-folders.ts"
import { isSecretName } from "../../workspace/built-in-rules.ts"
import { IgnoreRules } from "../../workspace/ignore-rules.ts"
import { leavingLinks } from "../../workspace/leaving-links.ts"
import { missingBlobs } from "../../workspace/missing-blobs.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { scanTree } from "../../workspace/scan.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { StatCache } from "../../workspace/stat-cache.ts"
import { fs, nodeCrypto, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { askYes } from "../prompt.ts"
import { StatusLine } from "../render/status-line.ts"
import { printable } from "../render/table.ts"
import { say } from "../say.ts"
import { leftOutText, namedButIgnored } from "./left-out-text.ts"
import { askMissing, uploadBlobs } from "./upload.ts"

const QUIET_MS = 1_000
const NAMED_FOLDERS = 5

export interface SendingFolderOptions {
  /** Absolute. */
  readonly folder: string
  readonly include: readonly string[]
  /** Bytes of what has to travel above which it is asked, or warned. */
  readonly warnBytes: number
  readonly yes: boolean
  readonly quiet: boolean
}

/** The folder that travels: looked at, spoken about, and sent as far as the server lacks it. */
export class SendingFolder {
  readonly rules: IgnoreRules
  readonly #cli: Cli
  readonly #options: SendingFolderOptions
  readonly #cache: StatCache
  #said = false

  constructor(cli: Cli, options: SendingFolderOptions) {
    this.#cli = cli
    this.#options = options
    const folder = realFolder(options.folder)
    this.rules = new IgnoreRules(folder, options.include)
    const name = nodeCrypto().hash("sha256", folder).slice(0, 24)
    this.#cache = new StatCache(path.join(cli.settings.cacheFolder, "scans", name), folder)
  }

  /** Looks at the folder; on a terminal, says so when it takes long. */
  async scan(): Promise<ScannedTree> {
    const { clock, stderr } = this.#cli
    const status = new StatusLine(stderr, clock)
    const startedAtMs = clock.monotonicMs()
    try {
      return await scanTree(this.rules.root, {
        rules: this.rules,
        cache: this.#cache,
        onProgress: ({ files, hashedBytes }) => {
          if (clock.monotonicMs() - startedAtMs < QUIET_MS) return
          void status.show(`windfall: looking at this folder: ${files} files, ${formatBytes(hashedBytes)} read`)
        },
      })
    } finally {
      await status.clear()
    }
  }

  /** Keeps what the scan found for the next one. Done while the job is on its way: a lost cache costs only time. */
  saveCache(): void {
    try {
      this.#cache.save()
    } catch {
      // A full disk here must not fail a job there.
    }
  }

  /** Points out what the command names and what stays home. */
  async sayIgnored(command: readonly string[], workingFolder: string): Promise<void> {
    for (const line of namedButIgnored(command, this.rules, workingFolder)) await say(this.#cli, line)
  }

  /** What of the scanned folder the server lacks. */
  missing(scanned: ScannedTree): Promise<PackBlob[]> {
    return missingBlobs(scanned, (hashes) => askMissing(this.#cli, hashes))
  }

  /**
   * Says what travels, asks or warns where it is much, and sends it. Nothing to send, nothing said.
   * @throws {WindfallError} `wrong_state` when a file changed meanwhile: scan again
   */
  async upload(scanned: ScannedTree): Promise<void> {
    const missing = await this.missing(scanned)
    if (missing.length === 0) return
    if (!this.#said) await this.#announce(scanned, missing)
    this.#said = true
    await uploadBlobs(this.#cli, missing)
  }

  async #announce(scanned: ScannedTree, missing: readonly PackBlob[]): Promise<void> {
    const files = missing.filter((blob) => !scanned.trees.has(blob.hash))
    const bytes = files.reduce((sum, blob) => sum + blob.bytes, 0)
    const { quiet, yes, warnBytes } = this.#options
    if (!quiet && files.length > 0) {
      const whole = files.length === scanned.files ? "" : ` of ${scanned.files} files`
      await say(this.#cli, `sending ${countText(files.length)}${whole}, ${formatBytes(bytes)}`)
      const leftOut = leftOutText(scanned.leftOut)
      if (leftOut !== undefined) await say(this.#cli, `left out: ${leftOut}`)
      const links = leavingLinks(scanned)
      const [link] = links
      if (link !== undefined) {
        const more = links.length === 1 ? "" : ` and ${links.length - 1} more`
        await say(
          this.#cli,
          `links that point out of the folder and to something else on a host: ${printable(link.path)}${more}`,
        )
      }
    }
    const secrets = secretsIn(scanned)
    if (secrets.length > 0)
      await say(this.#cli, `secret files travel, as you asked: ${secrets.map(printable).join(", ")}`)
    if (bytes < warnBytes || yes) return
    await say(this.#cli, `that is more than ${formatBytes(warnBytes)}. The biggest folders:`)
    for (const { path: at, bytes: size } of biggestFolders(scanned, NAMED_FOLDERS)) {
      await this.#cli.stderr.write(
        `  ${formatBytes(size).padStart(8)}  ${at === "" ? "(files at the top)" : `${printable(at)}/`}\n`,
      )
    }
    if (!this.#cli.isInteractive) return
    if (await askYes(this.#cli, "windfall: send all this?")) return
    throw new WindfallError("invalid_input", "Cannot send: you said no", {
      hint: "Keep folders home with a .windfallignore file; it is written like a .gitignore.",
    })
  }
}

/** Secret files among what travels: only `--include` can have brought them in. */
function secretsIn(scanned: ScannedTree): string[] {
  const found: string[] = []
  for (const { path: at, entry } of scanned.entries()) {
    if (entry.kind === "file" && at.split("/").some(isSecretName)) found.push(at)
  }
  return found
}

export function countText(files: number): string {
  return `${files} file${files === 1 ? "" : "s"}`
}

function realFolder(folder: string): string {
  try {
    const real = fs.realpathSync(folder)
    if (fs.statSync(real).isDirectory()) return real
  } catch {
    // Said below, as for anything that is no folder.
  }
  throw new WindfallError("file_not_found", `Cannot send ${folder}: there is no such folder`)
}
