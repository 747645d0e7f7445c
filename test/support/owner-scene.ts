import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { constants } from "node:os"
import { type HostTerms, type Lever, NO_LEVER } from "../../src/protocol/owner.ts"
import type { AgentClient } from "./agent-client.ts"
import { AgentHome } from "./agent-home.ts"
import { type MacState, SteeredMac } from "./steered-mac.ts"

const AGENT = new URL("./agent-main.ts", import.meta.url).pathname
/** Whoever types counts as there for a second, and is away for good after one more. */
export const QUICK = { resume_after_idle: "1s", vacate_after: "10m" }

/** An agent that takes itself to be on a Mac, whose commands say what a test wants (steered-mac.ts). */
export class OwnerScene implements AsyncDisposable {
  readonly home = new AgentHome()
  readonly mac: SteeredMac
  agent!: AgentClient

  constructor(state: Partial<MacState> = {}) {
    mkdirSync(this.home.at("mac", "Users", "Shared"), { recursive: true })
    this.mac = new SteeredMac(this.home.at("mac"), state)
  }

  static async start(
    rules: Readonly<Record<string, string>> = QUICK,
    state: Partial<MacState> = {},
  ): Promise<OwnerScene> {
    const scene = new OwnerScene(state)
    await scene.connect(rules)
    return scene
  }

  async connect(
    rules: Readonly<Record<string, string>> = QUICK,
    lever: Lever = NO_LEVER,
    preset = "default",
  ): Promise<void> {
    this.agent = await this.home.start({
      file: AGENT,
      env: { TEST_ACCOUNT: this.home.root, TEST_SYSTEM: "darwin", TEST_OWNER: this.mac.root },
    })
    const terms: HostTerms = { host: "mac-3", owner: "anna", consoleAccount: "anna", fleet: { preset, rules } }
    this.agent.send({ type: "owner", terms, lever })
    this.agent.adoptAll()
  }

  /** Waits until jobs may start, or may not for this reason. */
  async told(code: string | null): Promise<void> {
    await this.agent.until(
      () => this.#lastPresence()?.obstacles[0]?.code === (code ?? undefined) && this.#lastPresence() !== undefined,
      `presence: ${code}`,
    )
  }

  #lastPresence() {
    return this.agent.messages.findLast((message) => message.type === "presence")?.presence
  }

  /** Pids of the job's processes; what is over and only waits for a stopped parent to hear of it is none. */
  get tree(): number[] {
    const { group } = this
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && groupOf(pid) === group && statOf(pid)[0] !== "Z")
  }

  /** Their states, each once: `T` alone when all of it is stopped. */
  get states(): string[] {
    return [...new Set(this.tree.map(stateOf))]
  }

  get group(): number {
    return Number(/child (\d+)/.exec(readFileSync(this.home.attempt(1, "record"), "utf8"))?.[1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]()
  }
}

/** Fields of `/proc/PID/stat` from the state on; none once it is gone. */
export function statOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ")
  } catch {
    return []
  }
}

/** As `/proc` has it, but `T` for who waits in the kernel and is stopped as soon as that ends: it runs no instruction of its own. */
function stateOf(pid: number): string {
  const state = statOf(pid)[0] ?? "gone"
  return state === "D" && isStopPending(pid) ? "T" : state
}

function isStopPending(pid: number): boolean {
  try {
    const pending = readFileSync(`/proc/${pid}/status`, "latin1").matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)
    return [...pending].some(([, mask]) => (BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGSTOP - 1)) % 2n === 1n)
  } catch {
    return false
  }
}

const groupOf = (pid: number) => Number(statOf(pid)[2])
export const isStopped = (pid: number) => statOf(pid)[0] === "T"
