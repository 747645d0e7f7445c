import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { ServerId } from "../../src/protocol/ids.ts"
import { AgentClient, type AgentOptions } from "./agent-client.ts"
import { makeServerId } from "./agent-orders.ts"
import { ScratchFolder } from "./scratch-folder.ts"

/** A host's Windfall folder of its own, and the agents that come and go there. When it is disposed of, nothing of it is left alive. */
export class AgentHome implements AsyncDisposable {
  readonly #scratch = new ScratchFolder()
  readonly server: ServerId = makeServerId()
  readonly #clients: AgentClient[] = []

  get root(): string {
    return this.#scratch.at("windfall")
  }

  get base(): string {
    return join(this.root, "servers", this.server)
  }

  /** A path for a test's own files, outside of Windfall's folder. */
  at(...parts: string[]): string {
    return this.#scratch.at(...parts)
  }

  /** The file that gives room on a full disk. */
  get ballast(): string {
    return join(this.base, "run", "ballast")
  }

  attempt(sequence: number, ...parts: string[]): string {
    return join(this.base, "attempts", String(sequence), ...parts)
  }

  /** A program of test/fixtures/jobs. */
  job(name: string): string {
    return new URL(`../fixtures/jobs/${name}`, import.meta.url).pathname
  }

  /** Starts an agent, which takes over from the one before. */
  async start(options: Partial<AgentOptions> = {}): Promise<AgentClient> {
    const client = await AgentClient.start({ root: this.root, server: this.server, ...options })
    this.#clients.push(client)
    return client
  }

  /** The supervisor's pid of an attempt, as its record says. */
  supervisor(sequence: number): number {
    return Number(readFileSync(this.attempt(sequence, "record"), "utf8").split(" ")[5])
  }

  /** Pids of everything that has its working folder or an argument in this home, but this process: agents, forkers, supervisors, jobs. */
  processes(): number[] {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && this.#isOurs(pid))
  }

  /** The forker's pid: the holder of the lock says it. */
  forker(client: AgentClient): number {
    const pid = client.process.pid
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")
    return Number(children[0])
  }

  /** Ends whatever of this home is alive. */
  async endProcesses(): Promise<void> {
    for (const client of this.#clients) {
      client.process.kill("SIGKILL")
      await client.gone()
    }
    for (let left = this.processes(); left.length > 0; left = this.processes()) {
      for (const pid of left) kill(pid)
      await delay(10)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endProcesses()
    this.#scratch[Symbol.dispose]()
  }

  #isOurs(pid: number): boolean {
    const prefix = this.#scratch.path
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`).startsWith(prefix) ||
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(prefix) ||
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(prefix)
      )
    } catch {
      return false
    }
  }
}

/** Whether a process is there (a zombie is not). */
export function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false
  }
}

/** Waits until something outside of any agent's messages holds. Fails after a minute. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await delay(5)
  }
}

export function fileText(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : ""
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // Gone meanwhile.
  }
}
