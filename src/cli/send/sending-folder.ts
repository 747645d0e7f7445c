import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { IgnoreRules } from "../../workspace/ignore-rules.ts"
import type { MissingOptions } from "../../workspace/missing-blobs.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { scanTree } from "../../workspace/scan.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { StatCache } from "../../workspace/stat-cache.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { StatusLine } from "../render/status-line.ts"
import { printable } from "../render/table.ts"
import { say } from "../say.ts"
import { missingScript } from "./missing-script.ts"
import { namedPaths } from "./named-paths.ts"
import type { AnnounceOptions } from "./travelling.ts"

const QUIET_MS = 1_000
const MAX_NAME = 200
/** Sent sooner than asked about, over a slow link as well. */
const UNASKED_BYTES = 64 * 1024

export interface SendingFolderOptions extends AnnounceOptions {
  /** Absolute. */
  readonly folder: string
}

/**
 * The folder that travels: looked at, spoken about, and sent as far as the server lacks it. The second send of a folder
 * needs little of this, so the rest is loaded when it is needed.
 */
export class SendingFolder {
  readonly rules: IgnoreRules
  readonly #cli: Cli
  readonly #options: SendingFolderOptions
  readonly #cache: StatCache
  #announced = false
  #saidSpecial = false
  #saidUnmatched = false

  constructor(cli: Cli, options: SendingFolderOptions) {
    this.#cli = cli
    this.#options = options
    const folder = realFolder(options.folder)
    this.rules = new IgnoreRules(folder, options.include)
    // Two folders may share a name here: the cache itself says whose it is.
    const name = encodeURIComponent(folder).slice(-MAX_NAME)
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

  /**
   * Refuses what `--include` names and cannot send.
   * @throws {WindfallError} file_not_found, invalid_input
   */
  async checkIncluded(): Promise<void> {
    if (this.rules.includes.text !== "") (await import("./included.ts")).checkIncluded(this.rules)
  }

  /** Refuses data of a job where its folder has something. @throws {WindfallError} invalid_input */
  async checkData(spec: Pick<JobSpec, "data">): Promise<void> {
    if (spec.data.length > 0) (await import("./data-paths.ts")).checkDataPaths(spec, this.rules)
  }

  /** Names, once, the globs of `--include` that bring nothing along: a list of them may well be for more than this folder. */
  async sayUnmatched(scanned: ScannedTree): Promise<void> {
    const { globs } = this.rules.includes
    if (this.#saidUnmatched || this.#options.quiet || globs.length === 0) return
    this.#saidUnmatched = true
    const { unmatched } = await import("../../workspace/unmatched.ts")
    for (const glob of await unmatched(globs, scanned.record)) {
      await say(this.#cli, `--include ${printable(glob)} matches nothing that can travel from ${scanned.folder}`)
    }
  }

  /** Points out what the command names and what stays home, or is not there at all. */
  async sayNamed(command: readonly string[], workingFolder: string): Promise<void> {
    const missing = missingScript(command, this.rules.root, workingFolder)
    if (missing !== null) await say(this.#cli, missing)
    const named = namedPaths(command, this.rules.root, workingFolder)
    if (named.length === 0) return
    const { stayLines } = await import("./left-out-text.ts")
    for (const line of stayLines(named, this.rules)) await say(this.#cli, line)
  }

  /** Names, once, what cannot travel at all; no rule of the folder's says so, and the next send would not either. */
  async saySpecial(scanned: ScannedTree): Promise<void> {
    const special = scanned.leftOut.filter(({ why }) => why === "special")
    if (this.#saidSpecial || this.#options.quiet || special.length === 0) return
    this.#saidSpecial = true
    const { leftOutText } = await import("./left-out-text.ts")
    await say(this.#cli, `cannot travel: ${leftOutText(special)}`)
  }

  /** What of the scanned folder the server lacks. */
  async missing(scanned: ScannedTree, options: MissingOptions = {}): Promise<PackBlob[]> {
    return (await import("./travelling.ts")).missingOf(this.#cli, scanned, options)
  }

  /**
   * Says what travels, asks or warns where it is much, and sends it. Nothing to send, nothing said. Returns how many blobs
   * were sent.
   * @throws {WindfallError} `wrong_state` when a file changed meanwhile: scan again
   */
  async upload(scanned: ScannedTree, thorough = false): Promise<number> {
    const missing = await this.missing(scanned, { thorough, unaskedBytes: UNASKED_BYTES })
    if (missing.length === 0) return 0
    const { announceTravel } = await import("./travelling.ts")
    if (!this.#announced) await announceTravel(this.#cli, scanned, missing, this.#options)
    this.#announced = true
    const { uploadBlobs } = await import("./upload.ts")
    await uploadBlobs(this.#cli, missing)
    return missing.length
  }
}

function realFolder(folder: string): string {
  try {
    const real = fs.realpathSync(folder)
    if (fs.statSync(real).isDirectory()) return real
  } catch {
    // Said below, as for anything that is no folder.
  }
  throw new WindfallError("file_not_found", `Cannot send ${folder}: there is no such folder`, {
    hint: "Name one that is there: --folder DIR. With --no-folder nothing travels",
  })
}
