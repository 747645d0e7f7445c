import { clockSetMs } from "../../presence/lever-clock.ts"
import type { Moment } from "../../presence/moment.ts"
import type { ServerMessage } from "../../protocol/agent-wire.ts"
import type { HostTerms } from "../../protocol/owner.ts"
import type { AgentContext } from "../agent-context.ts"
import type { Said } from "./said.ts"
import { ServerClock } from "./server-clock.ts"

/** What the server says of the host. */
export type OwnerTold = Extract<ServerMessage, { type: "owner" }>

/** What server and host tell each other of what was said of the host: each keeps it by its own clock, and clocks differ and are set. */
export class LeverTalk {
  readonly #said: Said
  readonly #link: AgentContext["link"]
  readonly #now: () => Moment
  readonly #serverClock = new ServerClock()
  #heededAt: Moment
  /** An agent serves one contact. */
  #isFirst = true

  constructor(said: Said, link: AgentContext["link"], now: () => Moment) {
    this.#said = said
    this.#link = link
    this.#now = now
    this.#heededAt = now()
  }

  /** Keeps what the server says, and tells it what it lacks. Never throws: what cannot be kept holds for this agent all the same. */
  take({ terms, lever, now: serverMs }: OwnerTold): void {
    this.heedClock()
    const said = this.#said
    if (this.#isFirst) this.#missOwner(terms)
    this.#isFirst = false
    this.#keeping(() => {
      const heard = this.#serverClock.take(lever, serverMs, said.lever, this.#now().wallMs)
      if (said.take(terms, heard)) this.tell()
    })
    this.#link.send({ type: "owner-taken" })
  }

  /** Tells the server what was said here. */
  tell(): void {
    const lever = this.#serverClock.tell(this.#said.lever)
    if (lever !== null) this.#link.send({ type: "lever", lever })
  }

  /** To be called before the wall clock is asked what holds: somebody may have set it, and a pause lasts as long as it was said to. Never throws. */
  heedClock(): void {
    const now = this.#now()
    const byMs = clockSetMs(this.#heededAt, now)
    this.#heededAt = now
    if (byMs === 0) return
    this.#serverClock.wasSet(byMs)
    this.#keeping(() => this.#said.clockWasSet(byMs))
  }

  /** Whose a Mac is only the server says: one restored from an older copy may have forgotten, and whoever runs it should know. */
  #missOwner({ host, owner, consoleAccount }: HostTerms): void {
    const before = this.#said.terms
    const lacks =
      (owner === null && before?.owner != null) || (consoleAccount === null && before?.consoleAccount != null)
    if (!lacks) return
    const words = [
      ...(before.owner === null ? [] : [`--owner ${before.owner}`]),
      ...(before.consoleAccount === null ? [] : [`--console-account ${before.consoleAccount}`]),
    ].join(" ")
    const message = `Until the last contact the server knew this host's owner, and now does not. If nobody has taken that back (its database was restored from an older copy): windfall host set ${host} ${words}`
    this.#link.send({ type: "notice", message })
  }

  #keeping(keep: () => void): void {
    try {
      keep()
    } catch (error) {
      const message = `Cannot keep what was said of this host: ${(error as Error).message}`
      this.#link.send({ type: "notice", message })
    }
  }
}
