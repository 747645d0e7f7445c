import type { GangRequest } from "../../src/protocol/gang.ts"
import type { JobSpec, JobView } from "../../src/protocol/job.ts"
import { toGate } from "./simulated-attempt.ts"
import type { SimulatedAttempt, SimulatedHost } from "./simulated-host.ts"
import { attemptOf } from "./simulated-owner.ts"
import { TestServer } from "./test-server.ts"

const NOTHING = () => {}

/** A server and simulated hosts whose members come to the gate and go on until they are told to end. */
export interface GangPool extends AsyncDisposable {
  readonly server: TestServer
  readonly hosts: readonly SimulatedHost[]
}

export async function poolOf(count: number): Promise<GangPool> {
  const server = await TestServer.start()
  const hosts: SimulatedHost[] = []
  for (let i = 1; i <= count; i++) {
    const host = await server.hosts.join(`host${i}`)
    host.script = toGate
    host.onGo = NOTHING
    host.addresses = [{ address: `10.0.0.${i}`, net: "10.0.0.0/24", interface: "eth0" }]
    hosts.push(host)
  }
  return { server, hosts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

export function gang(hosts: number, change: Partial<GangRequest> = {}): Pick<JobSpec, "gang"> {
  return { gang: { hosts, onMemberFailure: "end", outputsFrom: "main", ...change } }
}

/** Of the latest attempt, by rank. */
export const membersOf = ({ attempts }: JobView, number = attempts.at(-1)?.number) =>
  attempts.filter((one) => one.number === number)

/** The host and the attempt of a rank. */
export function at(pool: GangPool, job: JobView, rank: number): [SimulatedHost, SimulatedAttempt] {
  const { hostId } = membersOf(job)[rank]!
  const host = pool.hosts.find(({ id }) => id === hostId)!
  return [host, attemptOf(host, job.id)]
}

export async function runningGang(pool: GangPool, hosts: number, change: Partial<JobSpec> = {}): Promise<JobView> {
  const { id } = await pool.server.submit({ ...gang(hosts), ...change })
  return pool.server.untilState(id, "running")
}
