import type { ChildProcess } from "node:child_process"
import { isErrorCode, WindfallError } from "../../protocol/errors.ts"
import { makePrivateFolder } from "../../workspace/make-folder.ts"
import { fs, nodeChildProcess, nodeUrl, path } from "../builtin.ts"
import { isClone, PROJECT_ROOT } from "../project-root.ts"

/** What the server says on its standard output once it answers. */
export interface ReadyServer {
  readonly url: string
  readonly pid: number
  /** Its certificate as PEM, and what that is known by. */
  readonly certificate: string | null
  readonly fingerprint: string | null
  /** At the very first start only. */
  readonly firstToken: { readonly user: string; readonly token: string } | null
}

export interface SpawnServerOptions {
  readonly arguments: readonly string[]
  /** Leaves it running in a session of its own, its words appended to this file. */
  readonly logFile: string | null
  readonly onWords: (text: string) => void
}

/** The words that run a server, before its options. */
export function serverProgram(): [program: string, ...words: string[]] {
  const main = nodeUrl().fileURLToPath(new URL("src/server/main.ts", PROJECT_ROOT))
  return [process.execPath, "--disable-warning=ExperimentalWarning", "--expose-gc", main]
}

/** Beyond this something is wrong, however large the database. */
const START_MS = 60_000

/**
 * Starts a server as a process of its own and waits until it answers. Its first token comes over the pipe only, never
 * through a file. @throws {WindfallError} what the server says when it cannot start
 */
export async function spawnServer(options: SpawnServerOptions): Promise<{ ready: ReadyServer; child: ChildProcess }> {
  const { logFile } = options
  if (!isClone()) {
    throw new WindfallError("wrong_state", "Cannot start a server: only the command line is installed here", {
      hint: "A server runs from a clone of Windfall: ./windfall up",
    })
  }
  const isNewLog = logFile !== null && !fs.existsSync(logFile)
  const madeFolder =
    logFile === null ? undefined : makePrivateFolder(path.dirname(logFile), "Give another folder with --data")
  const log = logFile === null ? undefined : fs.openSync(logFile, "a", 0o600)
  const [program, ...before] = serverProgram()
  const child = nodeChildProcess().spawn(
    program,
    [...before, ...options.arguments, ...(log === undefined ? [] : ["--background"])],
    { stdio: ["ignore", "pipe", log ?? "pipe"], detached: log !== undefined },
  )
  const logStart = log === undefined ? 0 : fs.fstatSync(log).size
  if (log !== undefined) fs.closeSync(log)
  let words = ""
  let isReady = false
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (isReady) options.onWords(text)
    else words += text
  })
  const ready = await new Promise<ReadyServer>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill()
      reject(new WindfallError("internal", "Cannot start the server: it does not get ready"))
    }, START_MS)
    let line = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      line += text
      const end = line.indexOf("\n")
      if (end === -1 || isReady) return
      const said = JSON.parse(line.slice(0, end)) as ReadyServer | { readonly error: unknown }
      if ("error" in said) return
      clearTimeout(timer)
      isReady = true
      resolve(said)
    })
    child.on("error", (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on("close", (code) => {
      clearTimeout(timer)
      if (logFile !== null) {
        // Without a word of its own it has crashed, and the log says how.
        words = line === "" ? fs.readFileSync(logFile).subarray(logStart).toString() : line
        if (isNewLog) removeLog(logFile, madeFolder)
      }
      reject(startError(words, code))
    })
  })
  if (words !== "") options.onWords(words)
  return { ready, child }
}

/** What it says is told here; a start that failed leaves nothing where nothing was. */
function removeLog(logFile: string, madeFolder: string | undefined): void {
  fs.rmSync(logFile, { force: true })
  if (madeFolder === undefined) return
  try {
    for (let at = path.dirname(logFile); at.startsWith(madeFolder); at = path.dirname(at)) fs.rmdirSync(at)
  } catch {
    // Somebody has put something there.
  }
}

/** The server's last line is its error as JSON; anything else is shown as it is. */
function startError(words: string, code: number | null): WindfallError {
  const last = words.trimEnd().split("\n").at(-1) ?? ""
  try {
    const body: unknown = JSON.parse(last)
    if (isErrorCode((body as { error?: { code?: unknown } }).error?.code)) return WindfallError.fromBody(body)
  } catch {
    // Not one of ours.
  }
  return new WindfallError(
    "internal",
    `Cannot start the server: it ended with exit code ${code}: ${last.slice(0, 500)}`,
  )
}
