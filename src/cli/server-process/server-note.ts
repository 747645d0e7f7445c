import { fs, nodeChildProcess, nodeCrypto, path } from "../builtin.ts"
import { isMissing, type Settings, writePrivate } from "../config.ts"

/** What is known here of a server that `up` started. It stays when that has ended: it says how to start it again. */
export interface ServerNote {
  /** The process that `up --detach` left running; `null` once it has ended, and for a server that was not left. */
  readonly pid: number | null
  readonly url: string
  readonly data: string
  /** The options that start it again as it was, without `--detach`. */
  readonly options: readonly string[]
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** Where it is noted how servers were started. */
export function serverNotesFolder(settings: Settings): string {
  return path.join(settings.stateFolder, "servers")
}

/** One file a data folder, so that servers side by side keep theirs. */
function noteFile(settings: Settings, data: string): string {
  return path.join(serverNotesFolder(settings), `${nodeCrypto().hash("sha256", data).slice(0, 32)}.json`)
}

export function writeServerNote(settings: Settings, note: ServerNote): void {
  writePrivate(noteFile(settings, note.data), `${JSON.stringify(note)}\n`)
}

/** A server that was left running and still runs. */
export type RunningServer = ServerNote & { readonly pid: number }

/** The servers that were left running and still run, the latest first. Notes of ended ones whose data folder is gone are removed. */
export function runningServers(settings: Settings): RunningServer[] {
  const running: RunningServer[] = []
  for (const file of notes(settings)) {
    const note = readNote(file)
    const pid = note?.pid ?? null
    if (note !== undefined && pid !== null && isServerProcess(pid)) running.push({ ...note, pid })
    else if (note === undefined || !fs.existsSync(note.data)) {
      if (file.endsWith(".json")) fs.rmSync(file, { force: true })
    }
    // Its number may become another server's.
    else if (pid !== null) writeServerNote(settings, { ...note, pid: null })
  }
  return running.sort(byLatest)
}

/** The server that was started last at this address, whether it runs or not. */
export function serverAt(settings: Settings, url: string): ServerNote | undefined {
  const [latest] = notes(settings)
    .map(readNote)
    .filter((note) => note !== undefined)
    .filter((note) => isSameUrl(note.url, url) && fs.existsSync(note.data))
    .sort(byLatest)
  return latest
}

function byLatest(a: ServerNote, b: ServerNote): number {
  return b.startedAt - a.startedAt
}

function isSameUrl(one: string, other: string): boolean {
  return URL.canParse(other) && new URL(one).href === new URL(other).href
}

function notes(settings: Settings): string[] {
  const folder = serverNotesFolder(settings)
  try {
    return fs.readdirSync(folder).map((name) => path.join(folder, name))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function readNote(file: string): ServerNote | undefined {
  try {
    const note = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<ServerNote>
    const { pid, url, data, options, startedAt } = note
    if ((typeof pid !== "number" && pid !== null) || typeof data !== "string") return undefined
    if (typeof url !== "string" || !URL.canParse(url)) return undefined
    if (!Array.isArray(options) || typeof startedAt !== "number") return undefined
    return { pid, url, data, options: options.map(String), startedAt }
  } catch {
    return undefined
  }
}

/** The same place the server would choose by itself; named here because `down` and the log need it. */
export function dataFolder({ environment, home }: Settings): string {
  return (
    environment.WINDFALL_DATA || path.join(environment.XDG_DATA_HOME || path.join(home, ".local/share"), "windfall")
  )
}

/** The process that says in its data folder that it uses it; it may be gone. */
export function readServerPid(data: string): number | undefined {
  try {
    const pid = Number(fs.readFileSync(path.join(data, "pid"), "utf8").trim())
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

/** How the server of a data folder was started last, as far as that is known. */
export function serverOn(settings: Settings, data: string): ServerNote | undefined {
  return readNote(noteFile(settings, data))
}

/** Notes that the server of a data folder runs no more. */
export function noteStopped(settings: Settings, data: string): void {
  const note = serverOn(settings, data)
  if (note !== undefined) writeServerNote(settings, { ...note, pid: null })
}

/** Whether this process is a Windfall server: a number alone may long belong to another. */
export function isServerProcess(pid: number): boolean {
  const { stdout } = nodeChildProcess().spawnSync("/bin/ps", ["-p", String(pid), "-o", "command="], {
    encoding: "utf8",
    timeout: 5_000,
  })
  return stdout?.includes("server/main.ts") === true
}
