import { formatBytes } from "../../base/bytes.ts"
import type { DataVersionRequest, StoredDataView } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { DATA_RULES } from "../../workspace/data-rules.ts"
import { leavingLinks } from "../../workspace/leaving-links.ts"
import { scanTree } from "../../workspace/scan.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { StatCache } from "../../workspace/stat-cache.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { StatusLine } from "../render/status-line.ts"
import { countText, firstAndMore, printable } from "../render/table.ts"
import { say } from "../say.ts"
import { leftOutText } from "../send/left-out-text.ts"
import { missingOf, travellingFiles } from "../send/travelling.ts"
import { uploadBlobs } from "../send/upload.ts"

const QUIET_MS = 1_000
const MAX_NAME = 200
/** A file that is written to while it is read makes a scan useless; a folder that is never quiet is an error. */
const SCANS = 4
/** What the server has lost of earlier versions comes again, a level of folders a turn. */
const TURNS = 20

/**
 * Brings a folder to the server as the next version of data of this name. What has arrived stays there: after a break the same
 * line again sends the rest.
 * @throws {WindfallError} file_not_found, invalid_input for what is no folder, or cannot be read whole
 */
export async function sendData(
  cli: Cli,
  name: string,
  folder: string,
  shared: boolean | null,
): Promise<StoredDataView> {
  const root = realFolder(folder)
  const cache = new StatCache(
    path.join(cli.settings.cacheFolder, "scans", `data-${encodeURIComponent(root).slice(-MAX_NAME)}`),
    root,
  )
  let scanned = await scan(cli, root, cache)
  await sayWhatStays(cli, scanned)
  let thorough = false
  for (let turn = 1, scans = 1; ; turn++) {
    try {
      const missing = await missingOf(cli, scanned, { thorough })
      if (missing.length > 0) {
        const { bytes } = travellingFiles(scanned, missing)
        if (turn === 1)
          await say(cli, `sending ${formatBytes(bytes)} of ${countText(scanned.files)}, ${formatBytes(scanned.bytes)}`)
        await uploadBlobs(cli, missing)
      }
      const request: DataVersionRequest = { root: scanned.root, shared }
      const view = await cli.client.put<StoredDataView>(`/v1/data/${encodeURIComponent(name)}/version`, request)
      save(cache)
      return view
    } catch (error) {
      const code = error instanceof WindfallError ? error.code : undefined
      if (code === "blobs_missing" && turn < TURNS) thorough = true
      else if (code === "wrong_state" && error instanceof WindfallError && isChanged(error) && scans++ < SCANS) {
        scanned = await scan(cli, root, cache)
      } else throw error
    }
  }
}

/** Whether it is a file here that changed; the server refuses with the same code what it has otherwise. */
function isChanged({ message }: WindfallError): boolean {
  return message.endsWith("it changed since it was looked at")
}

async function scan(cli: Cli, root: string, cache: StatCache): Promise<ScannedTree> {
  const status = new StatusLine(cli.stderr, cli.clock)
  const startedAtMs = cli.clock.monotonicMs()
  try {
    return await scanTree(root, {
      rules: DATA_RULES,
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

async function sayWhatStays(cli: Cli, scanned: ScannedTree): Promise<void> {
  const junk = scanned.leftOut.filter(({ why }) => why === "never").map((one) => printable(one.path))
  if (junk.length > 0) await say(cli, `left out, as of use on one machine only: ${firstAndMore(junk)}`)
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
