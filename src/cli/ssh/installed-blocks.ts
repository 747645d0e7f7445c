import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"
import { isMissing, type Settings, writePrivate } from "../config.ts"
import { readReason } from "../read-reason.ts"
import { madeFolders, removeEmpty } from "../uninstall/made-folders.ts"
import { knownHostsFile, sshFolder, sshNameOf } from "./ssh-files.ts"

const START = /^(?=Host windfall-\d+$)/m

/** The file with the blocks of jobs, which the person's own configuration includes. */
export function blocksFile(settings: Settings): string {
  return path.join(sshFolder(settings), "config")
}

/** The person's own configuration, where a link to it leads. */
export function ownConfigFile(settings: Settings): string {
  const file = path.join(settings.home, ".ssh", "config")
  try {
    return fs.realpathSync(file)
  } catch (error) {
    if (isMissing(error)) return file
    throw error
  }
}

/**
 * Whether the person's own file can be had for {@link installBlock}, before anything is made for it.
 * @throws {WindfallError} file_not_found saying why not
 */
export function checkOwnConfig(settings: Settings): void {
  readText(ownConfigFile(settings))
}

/** Puts a job's block into Windfall's file, in the place of an older one, and has the person's own file include it. */
export function installBlock(settings: Settings, job: number, block: string): void {
  const own = ownConfigFile(settings)
  const text = readText(own)
  const before = readBlocks(settings)
  writeBlocks(settings, [...before.filter((one) => !isOf(one, job)), block])
  const line = includeLine(settings)
  if (text.split("\n").includes(line)) return
  // At the top: behind a Host line it would count for that host alone. One line alone: there was no file.
  const isNew = fs.lstatSync(own, { throwIfNoEntry: false }) === undefined
  try {
    writeOwn(own, isNew ? `${line}\n` : `${line}\n\n${text}`)
  } catch (error) {
    if (before.length > 0) writeBlocks(settings, before)
    else fs.rmSync(blocksFile(settings), { force: true })
    throw error
  }
}

/**
 * Takes a job's block away, or all of them with every host key; with the last one goes the line in the person's own file.
 * @returns whether there was anything
 */
export function removeBlocks(settings: Settings, job: number | null): boolean {
  const blocks = readBlocks(settings)
  const rest = job === null ? [] : blocks.filter((one) => !isOf(one, job))
  if (job === null) removeKnownHosts(settings)
  else fs.rmSync(knownHostsFile(settings, job), { force: true })
  if (rest.length > 0) {
    if (rest.length < blocks.length) writeBlocks(settings, rest)
    return rest.length < blocks.length
  }
  fs.rmSync(blocksFile(settings), { force: true })
  const wasIncluded = isIncluded(settings)
  if (wasIncluded) removeInclude(settings)
  return blocks.length > 0 || wasIncluded
}

/** Whether the person's own file has Windfall's line; not where that cannot be read. */
export function isIncluded(settings: Settings): boolean {
  try {
    return readText(ownConfigFile(settings)).split("\n").includes(includeLine(settings))
  } catch {
    return false
  }
}

/** Takes Windfall's line out of the person's own file, all else byte for byte as it is; a file that was made for it goes. */
export function removeInclude(settings: Settings): void {
  const own = ownConfigFile(settings)
  const text = readText(own)
  const line = includeLine(settings)
  if (text === `${line}\n`) {
    const made = madeFolders(settings.home, [own])
    fs.rmSync(own)
    removeEmpty(made)
  } else if (text.startsWith(`${line}\n\n`)) writeOwn(own, text.slice(line.length + 2))
  else {
    const without = text.split("\n").filter((one) => one !== line)
    if (without.join("\n") !== text) writeOwn(own, without.join("\n"))
  }
}

function removeKnownHosts(settings: Settings): void {
  const folder = sshFolder(settings)
  if (!fs.existsSync(folder)) return
  for (const name of fs.readdirSync(folder)) {
    if (/^known_hosts\.\d+$/.test(name)) fs.rmSync(path.join(folder, name), { force: true })
  }
}

function includeLine(settings: Settings): string {
  return `Include "${blocksFile(settings)}"`
}

function readBlocks(settings: Settings): string[] {
  return readText(blocksFile(settings))
    .split(START)
    .filter((block) => block.startsWith("Host "))
}

function writeBlocks(settings: Settings, blocks: readonly string[]): void {
  writePrivate(blocksFile(settings), `# Made by windfall ssh-config --install\n${blocks.join("")}`)
}

function isOf(block: string, job: number): boolean {
  return block.split("\n", 1)[0] === `Host ${sshNameOf(job)}`
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8")
  } catch (error) {
    if (isMissing(error)) return ""
    throw new WindfallError("file_not_found", `Cannot read ${file}: ${readReason(error)}`, {
      hint: "ssh reads its configuration there: make it a file, or print the lines without --install",
      cause: error,
    })
  }
}

/** As a whole or not at all, with the modes it had. */
function writeOwn(file: string, text: string): void {
  const mode = fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.windfall.${process.pid}`
  try {
    fs.writeFileSync(draft, text, { mode: mode & 0o777 })
    fs.chmodSync(draft, mode & 0o777)
    fs.renameSync(draft, file)
  } catch (error) {
    fs.rmSync(draft, { force: true })
    throw new WindfallError("file_not_found", `Cannot write ${file}: ${(error as Error).message}`, {
      hint: `Put this line at its top yourself: ${text.split("\n", 1)[0]}`,
      cause: error,
    })
  }
}
