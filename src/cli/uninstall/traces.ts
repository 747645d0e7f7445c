import { fs, path } from "../builtin.ts"
import { loginFile, type Settings } from "../config.ts"
import { serverNotesFolder } from "../server-process/server-note.ts"

/** Something Windfall has put into this account. */
export interface Trace {
  readonly what: string
  readonly path: string
}

/** What the server keeps in its data folder; an installed command line and what others put there are not its own. */
const DATA_FILES = [
  "windfall.db",
  "windfall.db-wal",
  "windfall.db-shm",
  "blobs",
  "logs",
  "ssh",
  "tls",
  "server.log",
  "pid",
  "lock",
  "lock-journal",
]
/** Of the cache folder, which both use. */
const CLI_CACHES = ["scans", "diffs", "stdin", "compile"]
const SERVER_CACHES = ["agent", "cli", "packages", "sshd"]

/** Where a line of `windfall user invite` puts the program: fixed, because the script that does it knows no settings. */
export function installFolder({ home }: Pick<Settings, "home">): string {
  return path.join(home, ".local/share/windfall/cli")
}

/** What the command line has here: installed program, link, login, what it remembers, caches. */
export function cliTraces(settings: Settings): Trace[] {
  const { home, stateFolder, cacheFolder } = settings
  const program = installFolder(settings)
  const link = path.join(home, ".local/bin/windfall")
  return present([
    ...(leadsInto(link, program) ? [{ what: "link", path: link }] : []),
    { what: "program and its Node", path: program },
    { what: "login", path: loginFile(settings) },
    { what: "memory of jobs left to run", path: path.join(stateFolder, "detached") },
    { what: "memory of what came home", path: path.join(stateFolder, "home") },
    ...CLI_CACHES.map((name) => ({ what: "cache", path: path.join(cacheFolder, name) })),
  ])
}

/** What `windfall up` has here: data, the key of stored secrets, caches, how servers were started. */
export function serverTraces(settings: Settings, data: string): Trace[] {
  const { configFolder, cacheFolder, environment } = settings
  const key = environment.WINDFALL_KEY_FILE || path.join(configFolder, "server.key")
  const cache = environment.WINDFALL_CACHE || cacheFolder
  return present([
    ...DATA_FILES.map((name) => ({ what: "server's data", path: path.join(data, name) })),
    { what: "key of stored secrets", path: key },
    { what: "how servers were started", path: serverNotesFolder(settings) },
    ...SERVER_CACHES.map((name) => ({ what: "server's cache", path: path.join(cache, name) })),
  ])
}

/** Removes them, and the folders above that are empty then. Returns what could not be removed, with the reason. */
export function removeTraces(traces: readonly Trace[]): { readonly trace: Trace; readonly reason: string }[] {
  const left: { trace: Trace; reason: string }[] = []
  for (const trace of traces) {
    try {
      fs.rmSync(trace.path, { recursive: true, force: true })
    } catch (error) {
      left.push({ trace, reason: (error as Error).message })
    }
  }
  for (const folder of new Set(traces.map((trace) => path.dirname(trace.path)))) removeIfEmpty(folder)
  return left
}

function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder)
  } catch {
    // Somebody else has something there.
  }
}

function present(traces: readonly Trace[]): Trace[] {
  return traces.filter(({ path: at }) => fs.lstatSync(at, { throwIfNoEntry: false }) !== undefined)
}

function leadsInto(link: string, folder: string): boolean {
  try {
    return fs.readlinkSync(link).startsWith(`${folder}/`)
  } catch {
    return false
  }
}
