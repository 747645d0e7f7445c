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
    "A host behind a relay with 20 ms there and back: from the request to let it join until all is known of what it is. The first time the agent is sent; again, what is there already is only looked at. Lab hosts are Linux and see the server's own Node.",
  async run({ note }): Promise<readonly Figure[]> {
    const hosts = Array.from({ length: HOSTS }, () => ({ delayMs: DELAY_MS }))
    await using pool = await startPool({ hosts, joinNone: true })
    const first: number[] = []
    const again: number[] = []
    for (const host of pool.hosts) {
      first.push(await factsAfterMs(pool, host))
      await pool.api("DELETE", `/v1/hosts/${host.name}`)
      again.push(await factsAfterMs(pool, host))
      note(`${host.name}: ${Math.round(first.at(-1) ?? 0)} ms, again ${Math.round(again.at(-1) ?? 0)} ms`)
    }
    const bounds = [{ of: "p99", most: LIMIT_MS }] as const
    return [
      { what: "facts of a new host", unit: "ms", values: first, bounds },
      { what: "facts of a host that was there before", unit: "ms", values: again, bounds },
    ]
  },
}

/** Lets it join; returns when its facts were there, in milliseconds from the request. */
async function factsAfterMs(pool: Pool, host: LabHost): Promise<number> {
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
  let factsMs = Number.NaN
  for await (const step of readJsonLines<JoinStep>(response.body ?? new ReadableStream())) {
    if (step.step === "facts" && step.state === "ok") factsMs = performance.now() - startedMs
    if (step.step === "failed") throw new Error(step.error.message)
  }
  await pool.untilHost(name, ({ link }) => link === "ready")
  return factsMs
}
