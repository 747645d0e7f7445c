import { WindfallError } from "../../protocol/errors.ts"
import { fs, nodeChildProcess, path } from "../builtin.ts"
import type { Settings } from "../config.ts"
import { serverProgram } from "../server-process/spawn-server.ts"
import { type LoginItem, loginItem, type Step } from "./login-item.ts"

/** Variables that say where things lie: a login item gets no shell's profile. */
const KEPT = ["PATH", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "WINDFALL_KEY_FILE", "WINDFALL_CACHE"]

/** The item of this system that starts a server with these options. @throws {WindfallError} where there is none */
export function serverAtLogin(settings: Settings, options: readonly string[], logFile: string): LoginItem {
  const environment: Record<string, string> = {}
  for (const name of KEPT) {
    const text = settings.environment[name]
    if (text !== undefined && text !== "") environment[name] = text
  }
  const { home } = settings
  const words = [...serverProgram(), ...options]
  const item = loginItem(process.platform, process.getuid?.() ?? 0, settings, { words, environment, home, logFile })
  if (item !== undefined) return item
  throw new WindfallError(
    "wrong_state",
    `Cannot start a server at login: nobody has said how ${process.platform} does that`,
  )
}

/** @throws {WindfallError} when this system would not take the item */
export async function checkSystem(item: LoginItem): Promise<void> {
  for (const step of item.check) await carryOut(step)
}

/** Puts the item in place and starts it. When the system does not take it, all is as before. */
export async function putInPlace(item: LoginItem): Promise<void> {
  fs.mkdirSync(path.dirname(item.file), { recursive: true })
  const draft = `${item.file}.${process.pid}`
  fs.writeFileSync(draft, item.text, { mode: 0o644 })
  fs.renameSync(draft, item.file)
  try {
    for (const step of item.start) await carryOut(step)
  } catch (error) {
    await takeAway(item)
    throw error
  }
}

/** Ends and removes it; returns whether it was there. */
export async function takeAway(item: LoginItem): Promise<boolean> {
  const wasThere = fs.existsSync(item.file)
  if (wasThere) for (const step of item.stop) await carryOut(step)
  fs.rmSync(item.file, { force: true })
  return wasThere
}

async function carryOut({ programs, mayFail }: Step): Promise<void> {
  let said = ""
  for (const [program, ...args] of programs) {
    const { status, error, stderr } = nodeChildProcess().spawnSync(program, args, {
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "ignore", "pipe"],
    })
    if (status === 0) return
    said = error === undefined ? stderr.trim().split("\n").at(-1) || `it ended with ${status}` : error.message
  }
  if (mayFail) return
  const [program = "", ...args] = programs[0] ?? []
  throw new WindfallError(
    "wrong_state",
    `Cannot start a server at login: ${program} ${args.join(" ")}: ${said.slice(0, 300)}`,
    {
      hint:
        process.platform === "darwin"
          ? "Log in at the Mac's screen with this account, and try there"
          : "Log in on this machine as this very account (not by su or sudo), so that systemd runs for it; or use windfall up --detach",
    },
  )
}
