import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { HOST_UID, type HostPlan, homeInside, writeHostFiles } from "./host-setup.ts"
import { isRealRoot, SYSTEM_ENV, unshareCommand } from "./lab-mode.ts"
import { LineProcess } from "./line-process.ts"
import { LabMac } from "./mac/lab-mac.ts"
import { MAC_ROOT } from "./mac/mac-root.ts"
import type { MacModel } from "./mac/models.ts"
import type { LabNetwork } from "./network.ts"
import { descendants, type LabProcess } from "./processes.ts"
import { type Relay, startRelay } from "./relay.ts"
import { sshdCommand } from "./sshd-command.ts"

const run = promisify(execFile)

/** One simulated host. What {@link LabHost.features} lacks throws. */
export class LabHost implements AsyncDisposable {
  readonly name: string
  readonly kind: "linux" | "mac"
  readonly user: string
  /** Home folder as the host sees it. */
  readonly home: string
  /** The private key that opens it. */
  readonly identityFile: string
  /** "ssh-ed25519 AAAA...". */
  hostKey = ""
  readonly #number: number
  readonly #plan: HostPlan
  readonly #network: LabNetwork
  readonly #throughRelay: boolean
  #init: LineProcess | undefined
  #relay: Relay | undefined
  #mbit: number | null = null
  #cut = false
  readonly #mac: LabMac | undefined

  constructor(number: number, plan: HostPlan, network: LabNetwork, identityFile: string, delayMs: number | null) {
    this.#number = number
    this.#plan = plan
    this.#network = network
    this.name = plan.name
    this.kind = plan.kind
    this.user = plan.user
    this.home = homeInside(plan)
    this.identityFile = identityFile
    this.#throughRelay = network.mode !== "root" || delayMs !== null
    this.#delayMs = delayMs ?? 0
    this.#bootId = randomUUID()
    if (plan.kind === "mac") this.#mac = this.#makeMac()
  }
  #bootId: string
  #delayMs: number

  /** Where the lab's server reaches it. */
  get address(): string {
    return this.#throughRelay ? "127.0.0.1" : this.#network.address(this.#number)
  }

  get port(): number {
    return this.#relay?.port ?? this.#plan.port
  }

  /** What steers a simulated Mac. @throws for other hosts */
  get mac(): LabMac {
    if (this.#mac === undefined) throw new Error(`${this.name} is no simulated Mac`)
    return this.#mac
  }

  /** The line that pins it in a known_hosts file. */
  get knownHostsLine(): string {
    return `[${this.address}]:${this.port} ${this.hostKey}`
  }

  /** The home folder as this machine sees it. */
  get files(): string {
    if (this.#plan.diskBytes !== null && this.#plan.apart)
      return `/proc/${this.#init?.pid}/root${this.kind === "mac" ? MAC_ROOT : ""}${this.home}`
    return join(this.#plan.folder, "home")
  }

  /** What sshd has logged lately. */
  get sshdLog(): readonly string[] {
    return this.#init?.errors ?? []
  }

  async start(): Promise<void> {
    const plan = this.#plan
    mkdirSync(plan.folder, { recursive: true, mode: 0o755 })
    writeHostFiles(plan, this.#bootId)
    const key = join(plan.folder, "host_key")
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", plan.name, "-f", key])
    this.hostKey = readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" ")
    if (this.#ownAccount) await run("chown", ["-R", `${HOST_UID}:${HOST_UID}`, plan.folder])
    await this.#boot()
    if (!this.#throughRelay) return
    const inner = join(plan.folder, "relay")
    if (plan.apart && this.#network.mode === "user") await this.#network.openInnerRelay(inner, this.#number)
    const target =
      this.#network.mode === "user" ? { path: inner } : { host: this.#network.address(this.#number), port: plan.port }
    this.#relay = await startRelay(target, { delayMs: this.#delayMs })
  }

  /** Pulls the cable: what is sent is lost without a word, connections stay open until somebody gives up. */
  async cut(): Promise<void> {
    this.#cut = true
    if (this.#plan.apart) await this.#network.setCut(this.#number, true)
    this.#relay?.set({ cut: true })
  }

  async restore(): Promise<void> {
    this.#cut = false
    if (this.#plan.apart) await this.#network.setCut(this.#number, false)
    this.#relay?.set({ cut: false })
  }

  /** Sets the speed of its cable in both directions; `null` for as fast as it goes. */
  async shape(mbit: number | null): Promise<void> {
    this.#mbit = mbit
    if (this.#plan.apart) await this.#network.shape(this.#number, this.pid, mbit)
    else this.#relay?.set({ mbit })
  }

  /** Adds a delay to each direction. Only of hosts behind a relay (mode `user` or `ports`, or option `delayMs`). */
  delay(ms: number): void {
    if (this.#relay === undefined)
      throw new Error(`Cannot delay ${this.name}: give it delayMs (0 will do) at the start`)
    this.#relay.set({ delayMs: ms })
  }

  /** Power off and on: everything dies at once, what is on disk stays, the boot id is another (mode `ports`: the same). */
  async restart(): Promise<void> {
    await this.#init?.[Symbol.asyncDispose]()
    this.#bootId = randomUUID()
    writeHostFiles(this.#plan, this.#bootId)
    this.#mac?.booted(this.#bootId.toUpperCase())
    await this.#boot()
    if (this.#plan.apart && this.#mbit !== null) await this.shape(this.#mbit)
    if (this.#cut) await this.cut()
  }

  /** Puts it to sleep: nothing runs and nothing answers until {@link wake}. */
  async sleep(): Promise<void> {
    if (this.#plan.apart) await this.#network.setCut(this.#number, true)
    this.#relay?.set({ cut: true })
    await this.freeze()
  }

  async wake(): Promise<void> {
    await this.thaw()
    if (!this.#cut) await this.restore()
  }

  /** Stops every process of the host where it is; the network still answers for them, as under extreme load. */
  async freeze(): Promise<void> {
    await this.#init?.tell("freeze")
  }

  async thaw(): Promise<void> {
    await this.#init?.tell("thaw")
  }

  /** Leaves no byte free on its disk. Only of hosts given `diskBytes`, in the modes with namespaces. */
  fillDisk(): void {
    const file = openSync(this.#fillPath(), "w", 0o644)
    const block = Buffer.alloc(64 * 1024)
    try {
      for (let size = block.length; size > 0; ) {
        try {
          writeSync(file, block, 0, size)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
          size >>= 1
        }
      }
    } finally {
      closeSync(file)
    }
  }

  freeDisk(): void {
    rmSync(this.#fillPath(), { force: true })
  }

  get diskFreeBytes(): number {
    const { bavail, bsize } = statfsSync(this.files)
    return bavail * bsize
  }

  /** Everything that runs on it now: pids are this machine's. */
  everything(): LabProcess[] {
    return descendants(this.pid)
  }

  /** {@link everything} but its first process and sshd. */
  processes(): LabProcess[] {
    return this.everything().filter(({ command }) => !/sshd|host-init\.pl/.test(command))
  }

  /** Gives a file to its home, owned by its account. `path` is relative. */
  async write(path: string, text: string): Promise<void> {
    const file = join(this.files, path)
    const made = mkdirSync(join(file, ".."), { recursive: true })
    writeFileSync(file, text)
    // Only what is new: elsewhere in the home jobs may be at work, and files come and go under a walk.
    if (this.#ownAccount) await run("chown", ["-R", `${HOST_UID}:${HOST_UID}`, made ?? file])
  }

  /** Makes its sshd show another host key, as after a reinstallation. Returns the new key. */
  async changeHostKey(): Promise<string> {
    const key = join(this.#plan.folder, "host_key")
    rmSync(key)
    rmSync(`${key}.pub`)
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", this.name, "-f", key])
    if (this.#ownAccount) await run("chown", [`${HOST_UID}:${HOST_UID}`, key, `${key}.pub`])
    this.hostKey = readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" ")
    await this.restart()
    return this.hostKey
  }

  /** Makes a simulated Mac another one from now on. */
  setMac(model: MacModel): void {
    this.mac.model(model)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay?.[Symbol.asyncDispose]()
    await this.#init?.[Symbol.asyncDispose]()
    this.#init = undefined
  }

  /** The process on this machine that holds the host: everything of the host is below it. */
  get pid(): number {
    if (this.#init === undefined) throw new Error(`${this.name} is not running`)
    return this.#init.pid
  }

  /** Whether it runs as another account than the lab's, which then must own its files. */
  get #ownAccount(): boolean {
    return this.#network.mode === "root" && isRealRoot()
  }

  #fillPath(): string {
    if (this.#plan.diskBytes === null || !this.#plan.apart)
      throw new Error(`Cannot fill the disk of ${this.name}: give it diskBytes, and namespaces`)
    return join(this.files, ".fill")
  }

  async #boot(): Promise<void> {
    const plan = this.#plan
    const serve = sshdCommand(plan, this.#ownAccount)
    const init = [
      "/usr/bin/perl",
      join(import.meta.dirname, "host-init.pl"),
      plan.apart ? join(plan.folder, "setup.sh") : "",
    ]
    const command = plan.apart ? [...this.#network.entry, ...unshareCommand(), ...init] : init
    this.#init = new LineProcess([...command, ...serve], SYSTEM_ENV)
    if ((await this.#init.answer()) !== "up")
      throw new Error(`Cannot set up ${this.name}: ${this.#init.errors.join("; ")}`)
    if (plan.apart) await this.#network.plugIn(this.#number, this.pid)
    await this.#init.tell("start")
    await this.#init.saysOnStderr(
      /Server listening on/,
      /exiting\.$|^fatal|Bad configuration|Cannot bind|not found|No such file/,
    )
  }

  #makeMac(): LabMac {
    const { folder, name, user, mac } = this.#plan
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    const host = {
      folder,
      name,
      number: this.#number,
      account: user,
      accountUid: HOST_UID,
      fileOwner: this.#ownAccount ? HOST_UID : null,
      address: () => this.#network.address(this.#number),
      sleep: () => this.sleep(),
      wake: () => this.wake(),
      restart: () => this.restart(),
    }
    return new LabMac(host, mac, this.#bootId.toUpperCase())
  }
}
