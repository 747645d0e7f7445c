import { statSync } from "node:fs"
import { join } from "node:path"
import type { ConsoleSession, DisplayHold, RemoteLogin } from "../../presence/look.ts"
import type { Moment } from "../../presence/moment.ts"
import { known, type Reading, unknown } from "../../presence/reading.ts"
import type { Identities } from "./identities.ts"
import type { AssertionsNow, ConsoleNow, LoginNow } from "./look-text.ts"

/** Which of these processes are Windfall's or of its jobs. */
export type Ours = (pids: readonly number[]) => Promise<ReadonlySet<number>>

/** Whose it is what a look saw: sessions, processes that keep the display on, logins from elsewhere. */
export class LookPeople {
  readonly #root: string
  readonly #identities: Identities

  constructor(root: string, identities: Identities) {
    this.#root = root
    this.#identities = identities
  }

  console(console: ConsoleNow): Promise<Reading<ConsoleSession>> {
    return this.#identities.console(console)
  }

  async holds(holders: AssertionsNow["displayHolders"], ours: Ours): Promise<readonly DisplayHold[]> {
    if (holders.length === 0) return []
    const pids = holders.map(({ pid }) => pid)
    const [users, windfalls] = await Promise.all([this.#identities.usersOf(holders), ours(pids)])
    return holders.map(({ pid, process }) => ({
      process,
      user: users.get(pid) ?? null,
      isWindfall: windfalls.has(pid),
    }))
  }

  async logins(logins: readonly LoginNow[], at: Moment, ours: Ours): Promise<readonly RemoteLogin[]> {
    const all: RemoteLogin[] = []
    for (const { user, terminal, from } of logins) {
      const isWindfall = await this.#identities.isTerminalOf(`${user} ${terminal} ${from}`, terminal, ours)
      all.push({ user, from, isWindfall, idleMs: this.#typedAgo(terminal, at) })
    }
    return all
  }

  /** A terminal's last read is the last key that came through it: w(1) takes the idle time from there, too. */
  #typedAgo(terminal: string, at: Moment): Reading<number> {
    try {
      const { atimeMs } = statSync(join(this.#root, "/dev", terminal))
      return known(Math.max(0, at.wallMs - atimeMs))
    } catch {
      return unknown(`/dev/${terminal} cannot be looked at`)
    }
  }
}
