import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { HostView } from "../../src/protocol/host.ts"
import type { MacInvite } from "../../src/protocol/lending.ts"
import type { LabHost, LabHostOptions } from "../lab/lab.ts"
import type { Child } from "./child.ts"
import { letReachServer, openTerminal } from "./owner-terminal.ts"
import { type Pool, startPool } from "./pool.ts"
import { ScratchFolder } from "./scratch-folder.ts"

/** A server started by `up --lan`, and machines that may be lent to it. The caller disposes of it. */
export class LendingScene implements AsyncDisposable {
  readonly pool: Pool
  readonly #folder = new ScratchFolder()
  readonly #children = new Set<Child>()

  private constructor(pool: Pool) {
    this.pool = pool
  }

  static async start(hosts: readonly LabHostOptions[]): Promise<LendingScene> {
    const scene = new LendingScene(await startPool({ hosts, joinNone: true }))
    await scene.up()
    return scene
  }

  host(index: number): LabHost {
    return this.pool.hosts[index] as LabHost
  }

  admin(...args: string[]) {
    const cleared = { WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined, WINDFALL_DATA: undefined }
    return this.pool.windfall(args, { env: { HOME: this.#folder.at("admin"), ...cleared }, cwd: this.#folder.path })
  }

  async up(port = "0"): Promise<void> {
    const { exitCode, stderr } = await this.admin("up", "--detach", "--lan", "--port", port)
    assert.equal(exitCode, 0, stderr)
  }

  /** Kills the server as a power failure does. */
  async kill(): Promise<void> {
    const data = join(this.#folder.at("admin"), ".local/share/windfall")
    process.kill(Number(readFileSync(join(data, "pid"), "utf8").trim()), "SIGKILL")
  }

  async hosts(): Promise<HostView[]> {
    const { stdout } = await this.admin("host", "ls", "--json")
    return stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as HostView)
  }

  /** An invitation whose line these machines can reach the server by. */
  async invite(...hosts: LabHost[]): Promise<MacInvite> {
    const { stdout, stderr } = await this.admin("invite", "mac", "--json")
    assert.notEqual(stdout, "", stderr)
    const made = JSON.parse(stdout) as MacInvite
    for (const host of hosts) letReachServer(host, made)
    return made
  }

  terminal(host: LabHost, line: string): Child {
    const child = openTerminal(host, line, this.pool.scratch.at(`known_hosts-${host.name}`))
    this.#children.add(child)
    return child
  }

  /** Pastes the line and agrees. */
  async agreed(host: LabHost, line: string): Promise<Child> {
    const child = this.terminal(host, line)
    await child.says("Go on? (yes or no)")
    child.process.stdin.write("yes\n")
    return child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => child[Symbol.asyncDispose]()))
    await this.admin("down", "--now")
    await this.pool[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}

/** What lies in a host's home, without what the lab keeps there. */
export function filesOf(host: LabHost): string[] {
  return readdirSync(host.files)
    .filter((name) => !name.startsWith(".lab-") && name !== ".fill")
    .sort()
}

/** Empty where there are none; the file may go at any moment. */
export function keysOf(host: LabHost): string {
  try {
    return readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8")
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return ""
    throw error
  }
}
