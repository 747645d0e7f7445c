import { path } from "../builtin.ts"
import type { Settings } from "../config.ts"
import { plistText } from "./plist.ts"
import { unitText } from "./systemd-unit.ts"

/** What a system is told to run whenever this account logs in. */
export interface StartedProgram {
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly home: string
  /** Takes standard error; standard output, which could hold a token, goes nowhere. */
  readonly logFile: string
}

/** One call of the system's own program. Several `programs` are tried in turn until one takes it. */
export interface Step {
  readonly programs: readonly (readonly [program: string, ...args: string[]])[]
  /** It may fail: there may be nothing to stop. */
  readonly mayFail: boolean
}

/** A file that makes a system start the server, and how the system is told of it. */
export interface LoginItem {
  readonly name: string
  readonly file: string
  readonly text: string
  /** Whether the system would take it at all; changes nothing. */
  readonly check: readonly Step[]
  readonly start: readonly Step[]
  readonly stop: readonly Step[]
}

const LABEL = "org.windfall.server"
const UNIT = "windfall.service"

/** `undefined` for a system that has neither launchd nor systemd's user units. */
export function loginItem(
  platform: NodeJS.Platform,
  uid: number,
  settings: Pick<Settings, "home" | "environment">,
  program: StartedProgram,
): LoginItem | undefined {
  if (platform === "darwin") return launchAgent(uid, settings.home, program)
  return platform === "linux" ? systemdUnit(settings, program) : undefined
}

/**
 * gui/UID is there while somebody of this account is logged in at the screen; user/UID also over ssh (launchctl(1)). bootout
 * of what is not loaded ends with 3 or 113.
 */
function launchAgent(uid: number, home: string, program: StartedProgram): LoginItem {
  const file = path.join(home, "Library/LaunchAgents", `${LABEL}.plist`)
  const domains = [`gui/${uid}`, `user/${uid}`]
  const stop: Step[] = domains.map((domain) => ({
    programs: [["/bin/launchctl", "bootout", `${domain}/${LABEL}`]],
    mayFail: true,
  }))
  const bootstrap: Step = {
    programs: domains.map((domain) => ["/bin/launchctl", "bootstrap", domain, file]),
    mayFail: false,
  }
  const check: Step = { programs: domains.map((domain) => ["/bin/launchctl", "print", domain]), mayFail: false }
  const start = [...stop, bootstrap]
  return { name: "LaunchAgent", file, text: plistText(LABEL, program), check: [check], start, stop }
}

function systemdUnit(
  { home, environment }: Pick<Settings, "home" | "environment">,
  program: StartedProgram,
): LoginItem {
  const config = environment.XDG_CONFIG_HOME || path.join(home, ".config")
  const call = (...args: string[]): Step => ({ programs: [["systemctl", "--user", ...args]], mayFail: false })
  return {
    name: "systemd user unit",
    file: path.join(config, "systemd/user", UNIT),
    text: unitText(program),
    check: [call("show-environment")],
    start: [call("daemon-reload"), call("enable", UNIT), call("restart", UNIT)],
    stop: [{ ...call("disable", "--now", UNIT), mayFail: true }],
  }
}
