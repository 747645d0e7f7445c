import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"
import { isMissing, type Settings, writePrivate } from "../config.ts"
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

/** Puts a job's block into Windfall's file, in the place of an older one, and has the person's own file include it. */
export function installBlock(settings: Settings, job: number, block: string): void {
  const others = readBlocks(settings).filter((one) => !isOf(one, job))
  writeBlocks(settings, [...others, block])
  const own = ownConfigFile(settings)
  const text = readText(own)
  const line = includeLine(settings)
  if (text.split("\n").includes(line)) return
  // At the top: behind a Host line it would count for that host alone.
  writeOwn(own, text === "" ? `${line}\n` : `${line}\n\n${text}`)
}

/**
 * Takes a job's block away, or all of them; with the last one goes the line in the person's own file.
 * @returns whether there was anything
 */
export function removeBlocks(settings: Settings, job: number | null): boolean {
  const blocks = readBlocks(settings)
  const rest = job === null ? [] : blocks.filter((one) => !isOf(one, job))
  for (const one of blocks) {
    const number = Number(/^Host windfall-(\d+)$/m.exec(one)?.[1])
    if (job === null || number === job) fs.rmSync(knownHostsFile(settings, number), { force: true })
  }
  if (rest.length > 0) writeBlocks(settings, rest)
  else fs.rmSync(blocksFile(settings), { force: true })
  const own = ownConfigFile(settings)
  const text = readText(own)
  const line = includeLine(settings)
  const isIncluded = text.split("\n").includes(line)
  if (rest.length === 0 && isIncluded) {
    const without = text.split("\n").filter((one) => one !== line)
    while (without[0] === "") without.shift()
    writeOwn(own, without.join("\n"))
  }
  return rest.length < blocks.length || isIncluded
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
    throw new WindfallError("file_not_found", `Cannot read ${file}: ${(error as Error).message}`, { cause: error })
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
