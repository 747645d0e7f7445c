import type { WhyAnswer } from "../../src/protocol/api.ts"
import type { BookingMade, BookingRequest } from "../../src/protocol/booking.ts"
import type { JobId } from "../../src/protocol/ids.ts"
import type { JobSpec } from "../../src/protocol/job.ts"
import { MovedClock } from "./moved-clock.ts"
import { runsOn } from "./simulated-host.ts"
import { TestServer } from "./test-server.ts"

export const HOUR_MS = 3_600_000
/** A Friday, 08:00 in UTC. */
export const NOW_MS = Date.parse("2027-01-15T08:00:00Z")
export const SMALL = { resources: { memoryBytes: 1024 ** 3, gpus: 0, cores: 1 } }

/** A server whose clock stands still, hosts of these names, and two users who book and send. */
export async function pool(...names: string[]) {
  const clock = new MovedClock(NOW_MS)
  const server = await TestServer.start({ clock })
  const hosts: Awaited<ReturnType<typeof server.hosts.join>>[] = []
  for (const name of names) hosts.push(await server.hosts.join(name))
  for (const host of hosts) host.script = runsOn
  /** Ends all that runs. */
  const finish = () => {
    for (const host of hosts) for (const one of host.attempts.values()) if (one.phase === "running") host.finish(one)
  }
  const book = (change: Partial<BookingRequest>, token = server.adminToken) => {
    const once = { users: ["ann"], startAt: NOW_MS + HOUR_MS, durationMs: 2 * HOUR_MS, timeZone: "UTC" }
    return server.call<BookingMade>("POST", "/v1/bookings", { ...once, ...change }, { token })
  }
  const why = (id: JobId) => server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  const [ann, bob] = [await server.userToken("ann"), await server.userToken("bob")]
  const send = (token: string, change: Partial<JobSpec> = {}) => server.submit({ ...SMALL, ...change }, { token })
  return {
    server,
    hosts,
    clock,
    finish,
    book,
    why,
    ann,
    bob,
    send,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** By it ann coordinates an account of her own. */
export const POLICY =
  "accounts: { lab: { users: [ann], coordinators: [ann] }, default: {} }\ndefault-account: default\n"
