import { AsyncQueue } from "../../base/async-queue.ts"
import { formatBytes } from "../../base/bytes.ts"
import { accountText, exposureText } from "../../protocol/account-traits.ts"
import type { HostAddRequest, JoinStep } from "../../protocol/api.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostFacts, HostView } from "../../protocol/host.ts"
import type { HostId, ServerId } from "../../protocol/ids.ts"
import { checkAccount } from "../../ssh/account-check.ts"
import { fingerprintOf } from "../../ssh/host-key.ts"
import { checkConsoleAccount } from "../owners/check-owner.ts"
import { AgentChannel } from "./agent-channel.ts"
import type { Dial } from "./dial.ts"
import type { Hello } from "./host-channel.ts"

type StepName = Extract<JoinStep, { state: string }>["step"]

export interface JoinOptions {
  readonly request: HostAddRequest
  readonly server: ServerId
  readonly dial: Dial
  /** Asks the machine for its key; `null` for this very machine, which has none to show. */
  readonly lookUpKey: ((signal: AbortSignal) => Promise<string>) | null
  /** @throws {WindfallError} when a host with this key is in the pool already */
  readonly checkKey: (hostKey: string) => void
  /** Stores the host; the last thing that can fail. */
  readonly admit: (hello: Hello) => Promise<HostView>
  /** Added to the hint when the host lets nobody in. */
  readonly publicLine: string
  readonly signal: AbortSignal
}

/** So long a join may take to tidy up after itself. */
const TIDY_MS = 20_000
/** From the agent's start to its hello. */
const HELLO_MS = 30_000

/** Joins a machine, told step by step. Ends with `done` or `failed`; a reader who stops listening cancels it. */
export async function* joinHost(options: JoinOptions): AsyncGenerator<JoinStep> {
  const steps = new AsyncQueue<JoinStep>()
  const left = new AbortController()
  const signal = AbortSignal.any([options.signal, left.signal])
  const join = new Join({ ...options, signal }, (step) => steps.push(step))
  const ended = join.run().finally(() => steps.end())
  try {
    yield* steps
  } finally {
    left.abort(new WindfallError("wrong_state", "Cannot join the host: it was cancelled"))
    await ended
  }
}

class Join {
  readonly #options: JoinOptions
  readonly #push: (step: JoinStep) => void
  /** What is on the host now and was not before, below Windfall's folder. */
  readonly #made = new Set<string>()
  #unclaim = false

  constructor(options: JoinOptions, push: (step: JoinStep) => void) {
    this.#options = options
    this.#push = push
  }

  async run(): Promise<void> {
    try {
      await this.#checkKey()
      await this.#checkSystem()
      const hello = await this.#startAgent()
      this.#options.signal.throwIfAborted()
      this.#push({ step: "done", host: await this.#options.admit(hello) })
    } catch (thrown) {
      await this.#tidy()
      const error = this.#explained(toWindfallError(thrown, "join the host"))
      this.#push({ step: "failed", error: error.toBody().error })
    }
  }

  async #checkKey(): Promise<void> {
    const { request, lookUpKey, checkKey, signal } = this.#options
    if (lookUpKey === null) return
    this.#say("reach", "running", `calling ${request.address}`)
    const found = await lookUpKey(signal)
    this.#say("reach", "ok", `${request.address} answers`)
    const fingerprint = fingerprintOf(found)
    if (found !== request.hostKey) {
      throw new WindfallError(
        "host_key_unconfirmed",
        `Cannot join ${request.address}: its host key is ${fingerprint}, not the one confirmed`,
        {
          hint: "Compare the fingerprint with the one shown on the machine itself, then confirm that one",
          details: { hostKey: found, fingerprint },
        },
      )
    }
    checkKey(found)
    this.#say("key", "ok", `host key pinned: ${fingerprint}`)
  }

  async #checkSystem(): Promise<void> {
    const { dial, server, signal } = this.#options
    this.#say("system", "running", "looking at the system")
    const { text, facts } = await dial.check(signal)
    checkAccount(facts, this.#options.request.accountOfOwner ?? false)
    this.#say("system", "ok", text)
    if (facts.get("server") === undefined) this.#made.add(`servers/${server}`)
    this.#unclaim = facts.get("claim") === undefined
  }

  async #startAgent(): Promise<Hello> {
    const { dial, request, server, signal } = this.#options
    this.#say("runtime", "running", "looking for Node and the agent")
    let sent = 0
    let shownAt = -1
    const link = await dial.open({
      signal,
      takeOver: request.takeOver,
      onFile: (path) => this.#made.add(path),
      onSending: (bytes, all) => {
        sent = all
        const progress = all === 0 ? 1 : bytes / all
        if (progress - shownAt < 0.01 && progress < 1) return
        shownAt = progress
        this.#say("runtime", "running", `sending ${formatBytes(bytes)} of ${formatBytes(all)}`, progress)
      },
    })
    this.#say("runtime", "ok", sent === 0 ? "Node and the agent were there" : `sent ${formatBytes(sent)}`)
    this.#say("agent", "running", "starting the agent")
    const channel = new AgentChannel("" as HostId, server, link, dial)
    try {
      const hello = await channel.hello(AbortSignal.any([signal, AbortSignal.timeout(HELLO_MS)]))
      this.#say("agent", "ok", `agent ${hello.agentVersion} answers`)
      this.#say("facts", "ok", describe(hello.facts))
      await this.#checkAccount(channel)
      return hello
    } finally {
      // The kept link makes a connection of its own; leaving kindly spares its agent the wait for this one.
      channel.listen({ onMessages: () => {}, onOutput: () => {}, onClosed: () => {} })
      await channel.leave()
    }
  }

  /** Of a Mac alone: elsewhere nobody is looked for. */
  async #checkAccount(channel: AgentChannel): Promise<void> {
    const { request, signal } = this.#options
    const { consoleAccount: account = null } = request
    if (account === null) return
    const look = await checkConsoleAccount(channel, account, request.name ?? request.address, signal)
    if (look.found === "unknown") {
      this.#say("facts", "ok", `whether ${account} is an account there could not be told: ${look.reason}`)
    }
  }

  /** Takes back what this join has put on the host, as far as the host can still be reached. */
  async #tidy(): Promise<void> {
    if (this.#made.size === 0) return
    const signal = AbortSignal.timeout(TIDY_MS)
    await this.#options.dial.remote.remove([...this.#made], { unclaim: this.#unclaim, signal }).catch(() => {})
  }

  #explained(error: WindfallError): WindfallError {
    if (error.code !== "authentication_refused") return error
    const { publicLine } = this.#options
    return new WindfallError(error.code, error.message, {
      hint: `Put this line into ~/.ssh/authorized_keys of that account there: ${publicLine}`,
      details: { ...error.details, publicLine },
      cause: error,
    })
  }

  #say(step: StepName, state: "running" | "ok", text: string, progress?: number): void {
    this.#push({ step, state, text, ...(progress === undefined ? {} : { progress }) })
  }
}

function describe(facts: HostFacts): string {
  const { chip, cores, memoryBytes, system, diskFreeBytes, user, accountTraits: traits = [] } = facts
  const machine = `${chip}, ${cores} cores, ${formatBytes(memoryBytes)} memory, ${system}, ${formatBytes(diskFreeBytes)} disk free`
  if (traits.length > 0) return `${machine}. Jobs run there as ${user}, ${accountText(traits)}. ${exposureText(user)}`
  return `${machine}. Jobs run there as ${user} and can read what ${user} can: give Windfall an account of its own`
}
