import { execFile } from "node:child_process"
import { constants } from "node:fs"
import { access, readdir, realpath } from "node:fs/promises"
import { homedir, userInfo } from "node:os"
import { delimiter, dirname, isAbsolute, join } from "node:path"
import type { EngineAdapter, EngineCommand, EngineSystem } from "../hive/engines/engine-adapter.ts"
import type { KeptAnswers } from "./kept-answers.ts"
import { Loss } from "./loss.ts"

/** An engine on this host. */
export interface FoundEngine {
  readonly folder: string
  /** Absolute, by what the adapter calls them. */
  readonly programs: Readonly<Record<string, string>>
  readonly version: string
  readonly help: string
  readonly devices: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** A first start may have the system look through the file for a while. */
const ANSWER_MS = 60_000
/** How deep below the tools' folder archives unpack: `llama-0.7.0/build/bin`. */
const TOOLS_DEPTH = 4
const LONGEST_WORDS = 200

/**
 * The first folder that has all programs of an engine which say their version, and what these say of themselves.
 * @param kept what such programs said before; those that are still the same are not asked
 * @throws {Loss} `engine_missing`, with how to get it
 */
export async function findEngine(
  adapter: EngineAdapter,
  engineFolder: string | null,
  rank: number,
  environment: Environment,
  signal: AbortSignal,
  kept: KeptAnswers | null = null,
): Promise<FoundEngine> {
  let silent: string | null = null
  for await (const found of withAll(adapter, await searchFolders(engineFolder, environment))) {
    const known = await kept?.read(found.programs)
    if (known != null) return { ...found, ...known }
    const ask = async (command: EngineCommand | null) =>
      command === null ? "" : answer(found.programs[command.program] ?? "", command, rank, environment, signal)
    const [said, help, listed] = await Promise.all([
      ask(adapter.versionCommand),
      ask(adapter.helpCommand),
      ask(adapter.devicesCommand),
    ])
    const version = adapter.readVersion(said)
    if (version !== null) {
      const answers = { version, help, devices: adapter.readDevices(listed) }
      await kept?.write(found.programs, answers)
      return { ...found, ...answers }
    }
    silent ??= `${found.folder} has a ${adapter.engine} that does not say its version${lastWords(said)}`
  }
  const reason =
    silent ?? `there is no ${adapter.engine} on this host: ${names(adapter)} lie in no folder that was looked in`
  throw new Loss("engine_missing", rank, reason, `${capital(adapter.whereToGet(thisSystem()))}.`)
}

/** Of this host. */
export function thisSystem(): EngineSystem {
  return { isMac: process.platform === "darwin", arch: process.arch }
}

function lastWords(said: string): string {
  const last = said.trim().split("\n").at(-1) ?? ""
  return last === "" ? "" : `: ${last.slice(0, LONGEST_WORDS)}`
}

function names({ programs }: EngineAdapter): string {
  return Object.values(programs)
    .map((all) => all.join(" or "))
    .join(", ")
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

async function searchFolders(first: string | null, environment: Environment): Promise<string[]> {
  // A job's HOME is its sender's; tools lie in the account's.
  const homes = [...new Set([accountHome(), environment.HOME ?? ""])].filter(isAbsolute)
  const path = (environment.PATH ?? "").split(delimiter).filter(isAbsolute)
  const tools = await Promise.all(homes.map((home) => foldersBelow(join(home, ".windfall/tools"), TOOLS_DEPTH)))
  // What was built for this job goes before what lies there already.
  const built = [environment.VIRTUAL_ENV ?? ""].filter(isAbsolute).map((folder) => join(folder, "bin"))
  return [
    ...built,
    ...(first === null ? [] : [first, join(first, "bin"), join(first, "build/bin")]),
    ...tools.flat(),
    ...homes.flatMap((home) => ["homebrew/bin", ".homebrew/bin", ".local/bin"].map((folder) => join(home, folder))),
    ...["/opt/homebrew/bin", "/usr/local/bin"],
    ...path,
  ]
}

function accountHome(): string {
  try {
    return userInfo().homedir
  } catch {
    return homedir()
  }
}

/** A folder and those below it, the later names first: newer releases before older ones. */
async function foldersBelow(folder: string, depth: number): Promise<string[]> {
  if (depth === 0) return [folder]
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const deeper = await Promise.all(
    below
      .toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((name) => foldersBelow(join(folder, name), depth - 1)),
  )
  return [folder, ...deeper.flat()]
}

/** Folders that have all programs; also those that a link to the first program leads to, as installers make them. */
async function* withAll(
  { programs }: EngineAdapter,
  folders: readonly string[],
): AsyncGenerator<Pick<FoundEngine, "folder" | "programs">> {
  const [main = []] = Object.values(programs)
  const tried = new Set<string>()
  for (const folder of folders) {
    const links = await Promise.all(main.map((name) => realpath(join(folder, name)).catch(() => null)))
    const led = links.flatMap((path) => (path === null ? [] : [dirname(path)]))
    for (const place of [folder, ...led]) {
      if (tried.has(place)) continue
      tried.add(place)
      const found = await programsIn(programs, place)
      if (Object.keys(programs).every((program) => found[program] !== undefined))
        yield { folder: place, programs: found }
    }
  }
}

async function programsIn(programs: EngineAdapter["programs"], folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const [program, all] of Object.entries(programs)) {
    for (const name of all) {
      if (found[program] === undefined && (await isProgram(join(folder, name)))) found[program] = join(folder, name)
    }
  }
  return found
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** All that a program prints; its exit code does not matter. @throws {Loss} `engine_ended` when it is killed, also for taking too long */
function answer(
  program: string,
  command: EngineCommand,
  rank: number,
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...environment }, signal, timeout: ANSWER_MS, killSignal: "SIGKILL" as const }
    execFile(program, [...command.arguments], options, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason)
      else if (error?.signal)
        reject(new Loss("engine_ended", rank, `${program} was ended by ${error.signal} when asked`))
      else resolve(`${stdout}\n${stderr}`)
    })
  })
}
