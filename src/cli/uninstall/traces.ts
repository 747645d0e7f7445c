import { fs, path } from "../builtin.ts"
import { loginFile, type Settings } from "../config.ts"
import { serverNotesFolder } from "../server-process/server-note.ts"
import { isIncluded, ownConfigFile, removeInclude } from "../ssh/installed-blocks.ts"
import { sshFolder } from "../ssh/ssh-files.ts"
import { waysFolder } from "../ssh-way/ssh-way.ts"
import { madeFolders, removeEmpty } from "./made-folders.ts"

/** Something Windfall has put into this account. */
export interface Trace {
  readonly what: string
  readonly path: string
  /** Takes Windfall's part out of a file that is somebody else's. */
  readonly takeOut?: () => void
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
const SERVER_CACHES = ["agent", "cli", "packages", "sshd", "tools"]

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
    { what: "ways through ssh", path: waysFolder(settings) },
    ...sshTraces(settings),
    ...CLI_CACHES.map((name) => ({ what: "cache", path: path.join(cacheFolder, name) })),
  ])
}

/** What `ssh-config` has made; of the person's own file one line. */
function sshTraces(settings: Settings): Trace[] {
  const files = { what: "ssh's key and lines", path: sshFolder(settings) }
  if (!isIncluded(settings)) return [files]
  const takeOut = () => removeInclude(settings)
  return [{ what: "ssh's Include line", path: ownConfigFile(settings), takeOut }, files]
}

/**
 * What `windfall up` has here: data, the key of stored secrets, caches, how servers were started.
 * @param loginItem the file by which the system starts one at login
 */
export function serverTraces(settings: Settings, data: string, loginItem: string): Trace[] {
  const { configFolder, cacheFolder, environment } = settings
  const key = environment.WINDFALL_KEY_FILE || path.join(configFolder, "server.key")
  const cache = environment.WINDFALL_CACHE || cacheFolder
  return present([
    ...DATA_FILES.map((name) => ({ what: "server's data", path: path.join(data, name) })),
    { what: "start at login", path: loginItem },
    { what: "key of stored secrets", path: key },
    { what: "how servers were started", path: serverNotesFolder(settings) },
    ...SERVER_CACHES.map((name) => ({ what: "server's cache", path: path.join(cache, name) })),
  ])
}

/** Removes them, and the folders above that are empty then. Returns what could not be removed, with the reason. */
export function removeTraces(
  traces: readonly Trace[],
  { home }: Pick<Settings, "home">,
): { readonly trace: Trace; readonly reason: string }[] {
  const left: { trace: Trace; reason: string }[] = []
  const made = madeFolders(
    home,
    traces.map((trace) => trace.path),
  )
  for (const trace of traces) {
    try {
      if (trace.takeOut === undefined) fs.rmSync(trace.path, { recursive: true, force: true })
      else trace.takeOut()
    } catch (error) {
      left.push({ trace, reason: (error as Error).message })
    }
  }
  const own = traces.map((trace) => path.dirname(trace.path)).filter((folder) => !isEverybodys(home, folder))
  removeEmpty([...new Set(own)])
  removeEmpty(made)
  return left
}

/** Those of the account are removed only where they were made for Windfall. */
function isEverybodys(home: string, folder: string): boolean {
  return folder.startsWith(`${home}/.`) && path.basename(folder) !== "windfall"
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
