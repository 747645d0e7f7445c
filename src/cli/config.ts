import { WindfallError } from "../protocol/errors.ts"
import { OWNER_FOLDER } from "../protocol/owner-request.ts"
import { makeFolder } from "../workspace/make-folder.ts"
import { fs, os, path } from "./builtin.ts"
import { keepError } from "./keep-error.ts"

/** What the surroundings say to the command line. The only place of it that reads the environment. */
export interface Settings {
  /** The whole environment, for `--env NAME` and `--from-env` alone. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Where the login lies. */
  readonly configFolder: string
  /** What is remembered from one command to the next: detached jobs, a detached server. */
  readonly stateFolder: string
  /** What can be thrown away: stat caches. */
  readonly cacheFolder: string
  /** Where owners of this very machine speak with its agent; `undefined` off the Mac. */
  readonly ownerFolder: string | undefined
  readonly url: string | undefined
  readonly token: string | undefined
  readonly color: boolean
  readonly term: string
}

/** Follows the XDG folders where they are set, else `~/.config`, `~/.local/state`, `~/.cache`, on a Mac too. */
export function readSettings(environment: Readonly<Record<string, string | undefined>> = process.env): Settings {
  const home = filled(environment.HOME) ?? os.homedir()
  const folder = (variable: string, fallback: string) => {
    const named = filled(environment[variable])
    return path.join(named !== undefined && path.isAbsolute(named) ? named : path.join(home, fallback), "windfall")
  }
  const term = environment.TERM ?? ""
  return {
    environment,
    home,
    configFolder: folder("XDG_CONFIG_HOME", ".config"),
    stateFolder: folder("XDG_STATE_HOME", ".local/state"),
    cacheFolder: folder("XDG_CACHE_HOME", ".cache"),
    ownerFolder:
      filled(environment.WINDFALL_OWNER_FOLDER) ?? (process.platform === "darwin" ? OWNER_FOLDER : undefined),
    url: filled(environment.WINDFALL_URL),
    token: filled(environment.WINDFALL_TOKEN),
    color: filled(environment.NO_COLOR) === undefined && term !== "dumb",
    term: term === "" ? "xterm-256color" : term,
  }
}

/** Which server, and as whom. */
export interface Login {
  readonly url: string
  readonly token: string
  /** PEM of the certificate authority to trust, or of the server's own certificate. */
  readonly ca?: string | undefined
  /** The server is whoever shows the certificate in `ca`, known by this, under whatever name or address. */
  readonly fingerprint?: string | undefined
  /** Of a server that is reached through ssh (`url` says where): the socket at which ssh listens here. */
  readonly socket?: string | undefined
}

/** The stored login, or `undefined`. @throws {WindfallError} when the file is there and cannot be used */
export function readLogin(settings: Settings): Login | undefined {
  const file = loginFile(settings)
  let text: string
  try {
    text = fs.readFileSync(file, "utf8")
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new WindfallError("not_logged_in", `Cannot read ${file}: ${(error as Error).message}`)
  }
  try {
    const login: unknown = JSON.parse(text)
    if (isLogin(login)) return login
  } catch {
    // Falls through to the one error below: which byte is wrong does not matter to anybody.
  }
  throw new WindfallError("not_logged_in", `Cannot read ${file}: it is not a login`, {
    hint: "Log in again: windfall login URL",
  })
}

/**
 * Stores the login, readable by its user alone, so that a crash leaves the old one or the new one.
 * @throws {WindfallError} when it cannot be kept: nothing has changed then
 */
export function writeLogin(settings: Settings, login: Login): string {
  const file = loginFile(settings)
  writePrivate(file, `${JSON.stringify(login, null, 2)}\n`, `keep the login in ${file}`, LOGIN_ELSEWHERE)
  return file
}

const LOGIN_ELSEWHERE =
  "Make that folder one you can write to, name another with XDG_CONFIG_HOME, or go without: set WINDFALL_URL and WINDFALL_TOKEN"

/** Removes the stored login; returns whether there was one. @throws {WindfallError} when it cannot be removed */
export function removeLogin(settings: Settings): boolean {
  try {
    fs.unlinkSync(loginFile(settings))
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw keepError(error, `remove ${loginFile(settings)}`, "Make its folder one you can write to")
  }
}

export function loginFile(settings: Settings): string {
  return path.join(settings.configFolder, "login.json")
}

/** Where jobs that were left to run are remembered. Absent on machines that never did. */
export function detachedFolder(settings: Settings): string {
  return path.join(settings.stateFolder, "detached")
}

/** Where it is noted which jobs' files came home to this machine. */
export function homeNotesFolder(settings: Settings): string {
  return path.join(settings.stateFolder, "home")
}

/** Where one of the three folders above cannot be made. */
export const OWN_FOLDERS_HINT =
  "Windfall keeps its own below HOME, or where XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_CACHE_HOME say: set them to folders that can be made"

/**
 * Writes a file of mode 0600 in a folder of mode 0700, by rename.
 * @param doing as in "Cannot ..."
 * @throws {WindfallError} where that cannot be done
 */
export function writePrivate(file: string, text: string, doing = `write ${file}`, hint = OWN_FOLDERS_HINT): void {
  makeFolder(path.dirname(file), { doing, hint, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  try {
    fs.writeFileSync(draft, text, { mode: 0o600 })
    fs.chmodSync(draft, 0o600)
    fs.renameSync(draft, file)
  } catch (error) {
    throw keepError(error, doing, hint)
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === "ENOENT" || code === "ENOTDIR"
}

function isLogin(value: unknown): value is Login {
  const login = value as Partial<Login> | null
  return typeof login === "object" && typeof login?.url === "string" && typeof login.token === "string"
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text
}
