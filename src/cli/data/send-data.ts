import { formatBytes } from "../../base/bytes.ts"
import type { DataVersionRequest, StoredDataView } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type DataRules, dataRules } from "../../workspace/data-rules.ts"
import { leavingLinks } from "../../workspace/leaving-links.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { scanTree } from "../../workspace/scan.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { StatCache } from "../../workspace/stat-cache.ts"
import { unmatched } from "../../workspace/unmatched.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { LEADS_OUT } from "../hive/model-links.ts"
import { leftBehind, linksOut, type ModelFiles, modelRules, requireFiles } from "../hive/model-rules.ts"
import { askYes } from "../prompt.ts"
import { StatusLine } from "../render/status-line.ts"
import { countText, firstAndMore, printable } from "../render/table.ts"
import { say } from "../say.ts"
import { checkIncluded } from "../send/included.ts"
import { leftOutText } from "../send/left-out-text.ts"
import { biggestFolderLines, missingOf, secretsIn, travellingFiles } from "../send/travelling.ts"
import { uploadBlobs } from "../send/upload.ts"

const QUIET_MS = 1_000
const MAX_NAME = 200
/** A file that is written to while it is read makes a scan useless; a folder that is never quiet is an error. */
const SCANS = 4
/** Secrets told by name. */
const NAMED = 20
/** What the server has lost of earlier versions comes again, a level of folders a turn. */
const TURNS = 20

export interface SendDataOptions {
  /** `null` leaves it as it is. */
  readonly shared: boolean | null
  /** Secrets that travel all the same. */
  readonly include: readonly string[]
  /** Bytes that have to travel above which it is asked; without a terminal it is refused, unless `yes`. */
  readonly warnBytes: number
  readonly yes: boolean
  /** It is a model's. */
  readonly model?: ModelFiles
}

/**
 * Brings a folder to the server as the next version of data of this name. What has arrived stays there: after a break the same
 * line again sends the rest.
 * @throws {WindfallError} file_not_found, invalid_input for what is no folder, cannot be read whole, or is more than anybody
 *   means without saying so
 */
export async function sendData(
  cli: Cli,
  name: string,
  folder: string,
  options: SendDataOptions,
): Promise<StoredDataView> {
  const root = realFolder(folder)
  const { model } = options
  const rules = model === undefined ? dataRules(options.include) : modelRules(dataRules(options.include), root, model)
  const only = model?.only ?? null
  if (!options.yes && only === null) refuseTooMuch(cli, root)
  checkIncluded({ root, includes: rules.includes })
  await cli.client.ask(`/v1/data/${encodeURIComponent(name)}/check`, {})
  const cache = new StatCache(
    path.join(
      cli.settings.cacheFolder,
      "scans",
      `data-${encodeURIComponent([root, ...(only ?? [])].join("/")).slice(-MAX_NAME)}`,
    ),
    root,
  )
  let scanned = await scan(cli, root, rules, cache)
  await sayWhatStays(cli, scanned, rules, model === undefined ? " (one travels with --include PATH)" : "")
  if (model !== undefined) requireFiles(scanned, model.needed)
  let thorough = false
  for (let turn = 1, scans = 1; ; turn++) {
    try {
      const missing = await missingOf(cli, scanned, { thorough })
      if (missing.length > 0) {
        if (turn === 1) await announce(cli, name, scanned, missing, options)
        await uploadBlobs(cli, missing)
      }
      const request: DataVersionRequest = { root: scanned.root, shared: options.shared }
      const view = await cli.client.put<StoredDataView>(`/v1/data/${encodeURIComponent(name)}/version`, request)
      save(cache)
      return view
    } catch (error) {
      const code = error instanceof WindfallError ? error.code : undefined
      if (code === "blobs_missing" && turn < TURNS) thorough = true
      else if (code === "wrong_state" && error instanceof WindfallError && isChanged(error) && scans++ < SCANS) {
        scanned = await scan(cli, root, rules, cache)
        if (model !== undefined) requireFiles(scanned, model.needed)
      } else throw error
    }
  }
}

/** Whether it is a file here that changed; the server refuses with the same code what it has otherwise. */
function isChanged({ message }: WindfallError): boolean {
  return message.endsWith("it changed since it was looked at")
}

/** Says what travels, and asks where it is much. */
async function announce(
  cli: Cli,
  name: string,
  scanned: ScannedTree,
  missing: readonly PackBlob[],
  { warnBytes, yes }: SendDataOptions,
): Promise<void> {
  const { bytes } = travellingFiles(scanned, missing)
  await say(cli, `sending ${formatBytes(bytes)} of ${countText(scanned.files)}, ${formatBytes(scanned.bytes)}`)
  if (bytes < warnBytes || yes) return
  await say(cli, `that is more than ${formatBytes(warnBytes)}. The biggest folders:`)
  await cli.stderr.write(`${biggestFolderLines(scanned, missing).join("\n")}\n`)
  if (!cli.isInteractive) {
    throw new WindfallError(
      "invalid_input",
      `Cannot add the data ${name}: nobody can be asked whether all this shall travel`,
      {
        hint: "To send it: --yes, or a larger --warn-above SIZE",
      },
    )
  }
  if (await askYes(cli, "windfall: send all this?")) return
  throw new WindfallError("invalid_input", `Cannot add the data ${name}: you said no`, {
    hint: `Put what jobs need into a folder of its own, and add that: windfall data add ${name} DIR`,
  })
}

/** Of what nobody calls data: nearly always a slip, and full of secrets. */
function refuseTooMuch(cli: Cli, root: string): void {
  const home = fs.existsSync(cli.settings.home) ? fs.realpathSync(cli.settings.home) : cli.settings.home
  const what =
    root === path.parse(root).root
      ? "the whole disk"
      : root === home
        ? "your whole home folder"
        : home.startsWith(`${root}/`)
          ? "a folder that your home folder lies in"
          : undefined
  if (what === undefined) return
  throw new WindfallError("invalid_input", `Cannot add ${root} as data: it is ${what}`, {
    hint: "Name the folder that has the data. To add it all the same: --yes",
  })
}

async function scan(cli: Cli, root: string, rules: DataRules, cache: StatCache): Promise<ScannedTree> {
  const status = new StatusLine(cli.stderr, cli.clock)
  const startedAtMs = cli.clock.monotonicMs()
  try {
    return await scanTree(root, {
      rules,
      cache,
      onProgress: ({ files, hashedBytes }) => {
        if (cli.clock.monotonicMs() - startedAtMs < QUIET_MS) return
        void status.show(`windfall: looking at ${printable(root)}: ${files} files, ${formatBytes(hashedBytes)} read`)
      },
    })
  } finally {
    await status.clear()
  }
}

/** @param otherwise how secrets travel all the same, where they can */
async function sayWhatStays(cli: Cli, scanned: ScannedTree, { includes }: DataRules, otherwise: string): Promise<void> {
  const junk = scanned.leftOut.filter(({ why }) => why === "never").map((one) => printable(one.path))
  if (junk.length > 0) await say(cli, `left out, as of use on one machine only: ${firstAndMore(junk)}`)
  const behind = leftBehind(scanned).map(printable)
  if (behind.length > 0)
    await say(cli, `left out, as programs, pickles (which are programs) or a second copy: ${firstAndMore(behind)}`)
  const out = linksOut(scanned).map(printable)
  if (out.length > 0)
    await say(
      cli,
      `left behind: ${firstAndMore(out)}, ${out.length === 1 ? LEADS_OUT : "links that lead out of the folder"}`,
    )
  const secrets = scanned.leftOut.filter(({ why }) => why === "secret")
  if (secrets.length > 0) {
    const names = secrets.slice(0, NAMED).map(({ path, kind }) => printable(kind === "folder" ? `${path}/` : path))
    const rest = secrets.length - names.length
    const more = rest > 0 ? ` and ${rest} more` : ""
    await say(cli, `secrets stay home${otherwise}: ${names.join(", ")}${more}`)
  }
  const sent = includes.text === "" ? [] : secretsIn(scanned)
  if (sent.length > 0) await say(cli, `secret files travel, as you asked: ${firstAndMore(sent.map(printable))}`)
  for (const glob of await unmatched(includes.globs, scanned.record))
    await say(cli, `--include ${printable(glob)} matches nothing that can travel from ${printable(scanned.folder)}`)
  const special = leftOutText(scanned.leftOut.filter(({ why }) => why === "special"))
  if (special !== undefined) await say(cli, `cannot travel: ${special}`)
  const links = leavingLinks(scanned).map((link) => printable(link.path))
  if (links.length > 0)
    await say(cli, `links that point out of the folder and to something else on a host: ${firstAndMore(links)}`)
}

function save(cache: StatCache): void {
  try {
    cache.save()
  } catch {
    // Lost, it costs only time.
  }
}

function realFolder(folder: string): string {
  const stat = fs.statSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) throw new WindfallError("file_not_found", `Cannot add ${folder}: there is no such folder`)
  if (stat.isDirectory()) return fs.realpathSync(folder)
  throw new WindfallError("invalid_input", `Cannot add ${folder}: it is not a folder`, {
    hint: "Put it into a folder of its own and add that one: jobs see it as data/NAME/FILE",
  })
}
