import { readJsonLines } from "../src/cli/event-stream.ts"
import type { JoinStep } from "../src/protocol/api.ts"
import type { LabHost } from "../test/lab/lab.ts"
import { type Pool, startPool } from "../test/support/pool.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const HOSTS = 3
/** In each direction: 20 ms there and back. */
const DELAY_MS = 10
const LIMIT_MS = 3_000

export const factsAtJoin: Benchmark = {
  name: "facts-at-join",
  about:
    "A simulated Mac behind a relay with 20 ms there and back: from the request to let it join until it is said what it is, and until its agent has told all of it. The first time Node and the agent are sent, which takes most of the time; again, what is there already is only looked at.",
  async run({ note }): Promise<readonly Figure[]> {
    const hosts = Array.from({ length: HOSTS }, () => ({ kind: "mac" as const, delayMs: DELAY_MS }))
    await using pool = await startPool({ hosts, joinNone: true, server: { labMacs: true } })
    const first: Times[] = []
    const again: Times[] = []
    for (const host of pool.hosts) {
      first.push(await timeJoin(pool, host))
      await pool.api("DELETE", `/v1/hosts/${host.name}`)
      again.push(await timeJoin(pool, host))
      note(`${host.name} joined twice`)
    }
    const bounds = [{ of: "p99", most: LIMIT_MS }] as const
    return [
      { what: "a new host: what it is", unit: "ms", values: first.map(({ system }) => system), bounds },
      { what: "a new host: all its facts, with the agent sent", unit: "ms", values: first.map(({ facts }) => facts) },
      { what: "one that was there before: what it is", unit: "ms", values: again.map(({ system }) => system), bounds },
      { what: "one that was there before: all its facts", unit: "ms", values: again.map(({ facts }) => facts), bounds },
    ]
  },
}

/** When steps of a join were done, in milliseconds from the request. */
interface Times {
  readonly system: number
  readonly facts: number
}

async function timeJoin(pool: Pool, host: LabHost): Promise<Times> {
  const { user, address, port, name, hostKey } = host
  const request = {
    address: `${user}@${address}`,
    port,
    name,
    hostKey,
    owner: null,
    fleet: null,
    labels: {},
    takeOver: false,
  }
  const startedMs = performance.now()
  const response = await pool.request("POST", "/v1/hosts", request)
  const times = { system: Number.NaN, facts: Number.NaN }
  for await (const step of readJsonLines<JoinStep>(response.body ?? new ReadableStream())) {
    if ((step.step === "system" || step.step === "facts") && step.state === "ok") {
      times[step.step] = performance.now() - startedMs
    }
    if (step.step === "failed") throw new Error(step.error.message)
  }
  await pool.untilHost(name, ({ link }) => link === "ready")
  return times
}
