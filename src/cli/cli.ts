import { type Clock, systemClock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import { nodeTty } from "./builtin.ts"
import { Client } from "./client.ts"
import { type Login, readLogin, readSettings, type Settings } from "./config.ts"
import { FileOutput, type Output, WordsOutput } from "./output.ts"

/** What every command is given: the surroundings, and the way to the server. */
export interface Cli {
  readonly settings: Settings
  /** The folder the person is in. @throws {WindfallError} `file_not_found` when it was removed */
  readonly cwd: string
  readonly clock: Clock
  readonly random: () => number
  readonly stdout: Output
  /** For Windfall's own words. */
  readonly stderr: Output
  /** Standard error for what a job printed there: unlike words, it must not get lost unnoticed. */
  readonly jobStderr: Output
  /** Somebody can be asked: standard input and standard error are a terminal. */
  readonly isInteractive: boolean
  /** The login in use: the environment's, else the stored one. @throws {WindfallError} `not_logged_in` */
  readonly login: Login
  readonly client: Client
}

/** The surroundings of this very process. */
export function processCli(): Cli {
  const settings = readSettings()
  const clock = systemClock()
  const stdout = new FileOutput(1)
  const jobStderr = new FileOutput(2)
  const stderr = new WordsOutput(jobStderr)
  let cwd: string | undefined
  let login: Login | undefined
  let client: Client | undefined
  return {
    settings,
    get cwd() {
      cwd ??= currentFolder()
      return cwd
    },
    clock,
    random: Math.random,
    stdout,
    stderr,
    jobStderr,
    get isInteractive() {
      return nodeTty().isatty(0) && stderr.isTerminal
    },
    get login() {
      login ??= currentLogin(settings)
      return login
    },
    get client() {
      if (client === undefined) {
        const known = this.login
        const startLine = () => lineThatStarts(settings, known.url)
        client = new Client({ login: known, clock, random: Math.random, startLine })
      }
      return client
    },
  }
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch (error) {
    const removed = (error as { code?: unknown }).code === "ENOENT"
    const reason = removed ? "it was removed" : (error as Error).message
    throw new WindfallError("file_not_found", `Cannot use the folder you are in: ${reason}`, {
      hint: "Change into one that is there: cd",
      cause: error,
    })
  }
}

function currentLogin(settings: Settings): Login {
  const { url, token } = settings
  // The authority of a certificate is only ever stored.
  const isPlain = url !== undefined && !url.startsWith("https:")
  const stored = isPlain && token !== undefined ? undefined : readLogin(settings)
  const at = url ?? stored?.url
  if (at === undefined) {
    throw new WindfallError("not_logged_in", "Cannot reach a server: you are not logged in to one", {
      hint: "Log in with: windfall login URL   or start a server of your own: windfall up",
    })
  }
  // A token goes only to the server it was made for.
  const its = token ?? (stored !== undefined && stored.url === at ? stored.token : undefined)
  if (its === undefined) {
    throw new WindfallError("not_logged_in", `Cannot use the server at ${at}: there is no token for it`, {
      hint: `Log in with: windfall login ${at}   or set WINDFALL_TOKEN`,
    })
  }
  return { url: at, token: its, ...(stored?.url === at && stored.ca !== undefined ? { ca: stored.ca } : {}) }
}

/** What starts the server of this address as it was, where it was started here. */
async function lineThatStarts(settings: Settings, url: string): Promise<string | undefined> {
  try {
    const { serverAt } = await import("./server-process/server-note.ts")
    const note = serverAt(settings, url)
    if (note === undefined) return undefined
    return (await import("./render/job-text.ts")).commandText(["windfall", "up", "--detach", ...note.options])
  } catch {
    // Notes that cannot be read help nobody, and hide nothing.
    return undefined
  }
}
