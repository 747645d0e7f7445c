import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { consoleOf, firstState } from "./first-state.ts"
import type { MacModel } from "./models.ts"
import type { LinkWish } from "./network-state.ts"
import { type OwnerAct, type OwnerDetails, ownerActs } from "./owner-act.ts"
import { panicReport } from "./panic-report.ts"
import { type MacState, writeState } from "./state.ts"

/** What a simulated Mac needs of the host it is. */
export interface MacHost {
  /** The host's folder, as this machine sees it. */
  readonly folder: string
  readonly name: string
  readonly number: number
  readonly account: string
  /** The account's number inside; and outside, where the lab must give it files, else `null`. */
  readonly accountUid: number
  readonly fileOwner: number | null
  address(): string
  /** Everything stands and nothing answers, until it wakes. */
  sleep(): Promise<void>
  wake(): Promise<void>
  restart(): Promise<void>
}

const NOBODY = 65_534

const ASSERTIONS = {
  video: ["PreventUserIdleDisplaySleep", "Video Wake Lock"],
  audio: ["PreventUserIdleSystemSleep", "com.apple.audio.BuiltInSpeakerDevice.context.preventuseridlesleep"],
  sleep: ["PreventUserIdleSystemSleep", "Keeping the Mac awake"],
} as const

/**
 * The steering wheel of a simulated Mac. What is turned takes effect with the next command that runs there: each command reads
 * the state anew.
 */
export class LabMac {
  readonly #host: MacHost
  readonly #state: MacState

  constructor(host: MacHost, model: MacModel, bootId: string) {
    this.#host = host
    const { name: hostName, number, account, accountUid } = host
    const bootAtMs = Date.now()
    this.#state = firstState({
      model,
      account,
      accountUid,
      hostName,
      number,
      address: host.address(),
      bootId,
      bootAtMs,
    })
    this.#write()
  }

  /** What its commands go by now. To be changed by {@link set}. */
  get state(): Readonly<MacState> {
    return this.#state
  }

  /** Changes anything of the state. */
  set(change: Partial<MacState>): void {
    Object.assign(this.#state, change)
    this.#write()
  }

  /** Makes it another Mac; who is at the screen and in which groups the account is comes from the model, too. */
  model(model: MacModel): void {
    this.set({
      model,
      ...consoleOf({ ...this.#state, model }, Date.now()),
      freeBytes: Math.round(model.memoryGib * 0.8) * 1024 ** 3,
    })
  }

  /** What a person before the screen does; see {@link ownerActs}. The first one is its owner. */
  owner(act: OwnerAct, details: OwnerDetails = {}): void {
    this.set(ownerActs[act](this.#state, Date.now(), details))
  }

  power(source: "ac" | "battery" | "ups", percent = this.#state.percent): void {
    this.set({ power: source, percent })
  }

  lowPowerMode(isOn: boolean): void {
    this.set({ lowPowerMode: isOn })
  }

  display(state: "on" | "asleep"): void {
    this.set({ isDisplayOn: state === "on", displayAtMs: Date.now() })
  }

  /** Wakes in the dark, as macOS does unattended: the display stays off, and the idle time begins anew by itself. */
  darkWake(isOn = true): void {
    const now = Date.now()
    if (!isOn) {
      this.set({ isDarkWake: false })
      return
    }
    const sleepEvents = [...this.#state.sleepEvents, { atMs: now, kind: "DarkWake" as const }]
    this.set({ isDarkWake: true, isDisplayOn: false, inputAtMs: now, wakeAtMs: now, sleepEvents })
  }

  /** A program of somebody's keeps the Mac or its display awake: "video" is a call or a film. Returns what ends it. */
  assertion({ process, kind = "video", pid = 4446 }: AssertionWish): () => void {
    const [type, title] = ASSERTIONS[kind]
    const held = { pid, process, kind: type, atMs: Date.now(), title }
    this.set({ assertions: [...this.#state.assertions, held] })
    return () => this.set({ assertions: this.#state.assertions.filter((one) => one !== held) })
  }

  /** Somebody logs in over ssh. Returns what logs out again. */
  login({ user, from = "192.168.1.20", idleMs = 0 }: { user: string; from?: string; idleMs?: number }): () => void {
    const atMs = Date.now() - idleMs
    const tty = `ttys${`${this.#state.logins.length + 1}`.padStart(3, "0")}`
    const login = { user, tty, from, atMs, inputAtMs: atMs }
    this.set({ logins: [...this.#state.logins, login] })
    return () => this.set({ logins: this.#state.logins.filter((one) => one !== login) })
  }

  /** Memory as long as nothing runs: what jobs really take is taken from it, and raises pressure and swap when it is gone. */
  memory(change: { pressure?: 1 | 2 | 4; swapBytes?: number; freeBytes?: number }): void {
    this.set(change)
  }

  gpuBusy(percent: number, allocBytes = this.#state.gpuAllocBytes): void {
    this.set({ gpuBusy: percent, gpuAllocBytes: allocBytes })
  }

  thermal(level: "nominal" | "moderate" | "heavy" | "trapping" | "sleeping" | "serious"): void {
    const levels = { nominal: 0, moderate: 1, heavy: 2, serious: 2, trapping: 3, sleeping: 4 } as const
    this.set({ thermal: levels[level] })
  }

  /** "thunderbolt" adds a cable to a Mac of that model; the others are how it reaches the net. */
  link(kind: LinkWish["kind"] | "thunderbolt", peer = "Mac15,14"): void {
    const { link } = this.#state
    if (kind === "thunderbolt") this.set({ link: { ...link, thunderboltPeers: [...link.thunderboltPeers, peer] } })
    else this.set({ link: { ...link, kind } })
  }

  /** @param allows an administrator has let all programs that are asked about */
  firewall(isOn: boolean, stealth = false, allows = false): void {
    this.set({ firewall: isOn, stealth, firewallAllows: allows })
  }

  /** `users`: who may come; `null` for everybody. */
  remoteLogin(isOn: boolean, users: string[] | null = null): void {
    this.set({ remoteLogin: isOn, remoteLoginUsers: users })
  }

  /** How long a command takes. */
  slow(command: string, ms: number): void {
    this.set({ delaysMs: { ...this.#state.delaysMs, [command]: ms } })
  }

  /** Makes a command fail, or work again. */
  fails(command: string, how: { readonly exitCode: number; readonly text: string } | null): void {
    const { [command]: _, ...others } = this.#state.failures
    this.set({ failures: how === null ? others : { ...others, [command]: how } })
  }

  /** Sleeps so long: nothing runs, nothing answers, no idle time passes. Resolves when it has woken. */
  async sleep(ms: number): Promise<void> {
    const from = Date.now()
    await this.#host.sleep()
    await new Promise((resolve) => setTimeout(resolve, ms))
    const now = Date.now()
    const { inputAtMs, sleepEvents } = this.#state
    this.set({
      inputAtMs: inputAtMs + (now - from),
      sleepAtMs: from,
      wakeAtMs: now,
      sleepEvents: [...sleepEvents, { atMs: from, kind: "Sleep" }, { atMs: now, kind: "Wake" }],
    })
    await this.#host.wake()
  }

  /** Its kernel panics: off and on again, with another boot, and a report where macOS puts them. Returns the report's name. */
  async panic(reason?: string): Promise<string> {
    const at = new Date()
    await this.#host.restart()
    const { name, text } = panicReport(this.#state, at, reason)
    const file = join(this.reports, name)
    writeFileSync(file, text)
    if (this.#host.fileOwner !== null) chownSync(file, this.#host.fileOwner, this.#host.fileOwner)
    return name
  }

  /** Where macOS puts reports of crashes, as this machine sees it. */
  get reports(): string {
    return join(this.#folder, "reports")
  }

  /** /Users/Shared, as this machine sees it. */
  get sharedFolder(): string {
    return join(this.#folder, "shared")
  }

  /** What commands noted of themselves: `gnu` (an option that macOS lacks), `absent` (a command it lacks), caffeinate, pmset. */
  records(kind?: string): { readonly atMs: number; readonly kind: string; readonly words: readonly string[] }[] {
    const file = join(this.#folder, "record")
    if (!existsSync(file)) return []
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean)
    const all = lines.map((line) => {
      const [at = "", what = "", ...words] = line.split("\t")
      return { atMs: Number(at), kind: what, words }
    })
    return kind === undefined ? all : all.filter((one) => one.kind === kind)
  }

  /** Called by the host each time it starts. */
  booted(bootId: string): void {
    const now = Date.now()
    const { address } = this.#host
    this.set({ bootId, bootAtMs: now, inputAtMs: now, sleepAtMs: 0, wakeAtMs: 0, address: address() })
  }

  get #folder(): string {
    return macFolder(this.#host.folder)
  }

  #write(): void {
    const folder = this.#folder
    for (const path of [folder, this.reports, this.sharedFolder]) mkdirSync(path, { recursive: true })
    chmodSync(this.sharedFolder, 0o1777)
    writeState(folder, this.#state, this.#host.fileOwner)
    this.#showConsole(this.#state.consoleUid === this.#host.accountUid)
    this.#showLogins(JSON.stringify(this.#state.logins))
  }

  /** /var/run/utmpx leads here: it is written at each login and logout. */
  #showLogins(logins: string): void {
    const file = join(this.#folder, "utmpx")
    if (!existsSync(file) || readFileSync(file, "utf8") !== logins) writeFileSync(file, logins)
  }

  /** /dev/console leads here. It belongs to who sits before the screen: to the account, or to somebody else. */
  #showConsole(isAccounts: boolean): void {
    const { fileOwner } = this.#host
    const link = join(this.#folder, "console")
    const own = `${link}-of-account`
    const others = `${link}-of-others`
    for (const path of [own, others]) if (!existsSync(path)) writeFileSync(path, "")
    if (fileOwner !== null) chownSync(own, fileOwner, fileOwner)
    // Where the host's account is root's own in disguise, what belongs to root belongs to it.
    const isDisguised = fileOwner === null && process.getuid?.() === 0
    if (isDisguised) chownSync(others, NOBODY, NOBODY)
    rmSync(`${link}.new`, { force: true })
    const inside = (path: string) => path.replace(this.#folder, "/mnt/host/mac")
    symlinkSync(isAccounts ? inside(own) : isDisguised ? inside(others) : "/dev/null", `${link}.new`)
    renameSync(`${link}.new`, link)
  }
}

export interface AssertionWish {
  readonly process: string
  readonly kind?: keyof typeof ASSERTIONS
  readonly pid?: number
}

/** Where in a host's folder its Mac's part lies. */
export function macFolder(hostFolder: string): string {
  return join(hostFolder, "mac")
}
