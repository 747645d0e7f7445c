import { fs, nodeChildProcess, path } from "../builtin.ts"
import { type Settings, writePrivate } from "../config.ts"

/** What is known here of the server that `up --detach` left running. */
export interface ServerNote {
  readonly pid: number
  readonly url: string
  readonly data: string
}

function noteFile(settings: Settings): string {
  return path.join(settings.stateFolder, "server.json")
}

export function writeServerNote(settings: Settings, note: ServerNote): void {
  writePrivate(noteFile(settings), `${JSON.stringify(note)}\n`)
}

export function readServerNote(settings: Settings): ServerNote | undefined {
  try {
    const note = JSON.parse(fs.readFileSync(noteFile(settings), "utf8")) as Partial<ServerNote>
    if (typeof note.pid !== "number" || typeof note.url !== "string" || typeof note.data !== "string") return undefined
    return { pid: note.pid, url: note.url, data: note.data }
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

export function removeServerNote(settings: Settings): void {
  fs.rmSync(noteFile(settings), { force: true })
}

/** Whether this process is a Windfall server: a number alone may long belong to another. */
export function isServerProcess(pid: number): boolean {
  const { stdout } = nodeChildProcess().spawnSync("/bin/ps", ["-p", String(pid), "-o", "command="], {
    encoding: "utf8",
    timeout: 5_000,
  })
  return stdout?.includes("server/main.ts") === true
}
