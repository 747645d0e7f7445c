import type { ConsoleSession } from "../../presence/look.ts"
import { known, type Reading, unknown } from "../../presence/reading.ts"
import type { CommandShell } from "./command-shell.ts"
import type { ConsoleNow, ConsolePerson } from "./look-text.ts"

/** Nothing of a Mac that is looked at has so many. */
const MOST_KEPT = 500

type Ours = (pids: readonly number[]) => Promise<ReadonlySet<number>>

/** Whose a process, a terminal or a number is: each asked for once, as long as it is there. */
export class Identities {
  readonly #shell: CommandShell
  readonly #root: string
  readonly #timeoutMs: number
  readonly #names = new Map<number, string>()
  readonly #users = new Map<string, string>()
  readonly #terminals = new Map<string, boolean>()

  constructor(shell: CommandShell, root: string, timeoutMs: number) {
    this.#shell = shell
    this.#root = root
    this.#timeoutMs = timeoutMs
  }

  /** The console by names of accounts. */
  async console({ person, switchedOut }: ConsoleNow): Promise<Reading<ConsoleSession>> {
    const user = person === null ? null : await this.#nameOf(person)
    if (user === undefined) return unknown(`what account ${person?.uid} is called is not told`)
    const behind = await Promise.all(switchedOut.map((one) => this.#nameOf(one)))
    return known({ user, switchedOut: behind.flatMap((name) => name ?? []) })
  }

  /** Whose processes these are, as far as that is told. A number with the same name again is the same process for as long as it is held. */
  async usersOf(
    processes: readonly { readonly pid: number; readonly process: string }[],
  ): Promise<ReadonlyMap<number, string>> {
    const missing = processes.filter((one) => !this.#users.has(keyOf(one)))
    if (missing.length > 0) {
      const text = await this.#ask(`/bin/ps -o pid=,user= -p ${missing.map(({ pid }) => pid).join(",")}`)
      for (const [, pid, user = ""] of (text ?? "").matchAll(/^ *(\d+) +(\S+) *$/gm)) {
        const one = missing.find((each) => each.pid === Number(pid))
        if (one !== undefined) keep(this.#users, keyOf(one), user)
      }
    }
    return new Map(
      processes.flatMap((one) => {
        const user = this.#users.get(keyOf(one))
        return user === undefined ? [] : [[one.pid, user] as const]
      }),
    )
  }

  /** Whether something of Windfall or its jobs has this terminal. @param login names the login for as long as it lasts */
  async isTerminalOf(login: string, terminal: string, ours: Ours): Promise<boolean> {
    const before = this.#terminals.get(login)
    if (before !== undefined || !/^\w+$/.test(terminal)) return before ?? false
    const text = await this.#ask(`/bin/ps -o pid= -t ${terminal}`)
    if (text === null) return false
    const isOurs = (await ours(text.trim().split(/\s+/).map(Number).filter(Number.isSafeInteger))).size > 0
    keep(this.#terminals, login, isOurs)
    return isOurs
  }

  async #nameOf({ uid, name }: ConsolePerson): Promise<string | undefined> {
    if (name !== null) return name
    const before = this.#names.get(uid)
    if (before !== undefined) return before
    const said = (await this.#ask(`/usr/bin/id -un ${uid}`))?.trim() ?? ""
    if (!/^[\w.-]{1,64}$/.test(said)) return undefined
    keep(this.#names, uid, said)
    return said
  }

  async #ask(command: string): Promise<string | null> {
    try {
      const [answer] = await this.#shell.run([`${this.#root}${command}`], this.#timeoutMs)
      return answer?.status === 0 ? answer.text : null
    } catch {
      return null
    }
  }
}

function keyOf({ pid, process }: { readonly pid: number; readonly process: string }): string {
  return `${pid} ${process}`
}

function keep<K, V>(kept: Map<K, V>, key: K, value: V): void {
  if (kept.size >= MOST_KEPT) kept.clear()
  kept.set(key, value)
}
