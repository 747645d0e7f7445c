import assert from "node:assert/strict"
import { attemptCount, membersOf } from "../../src/protocol/attempt-members.ts"
import type { AttemptView, JobView } from "../../src/protocol/job.ts"
import { CAUSES, isFinal } from "../../src/protocol/job-state.ts"
import type { LabHost } from "../lab/lab.ts"
import type { DataSet } from "./data-set.ts"
import type { Toll } from "./faults.ts"
import { type Ground, MBIT } from "./ground.ts"
import { inventJob, type LedgerJob, readLedger } from "./ledger-job.ts"
import type { Random } from "./random.ts"

const SLOW_MBIT = 5

/** A ledger job on all hosts of a ground at once: each member has a ledger on its own host, and prints the same. */
export interface LedgerGang extends LedgerJob {
  /** Whether one member that fails ends all. */
  readonly endsAll: boolean
}

/** Whether its members can have a ledger each under the one path that their command has. */
export function mayInventGang({ pool }: Ground): boolean {
  return pool.lab.apart && pool.hosts.length > 1
}

export function inventGang(ground: Ground, data: DataSet, random: Random): LedgerGang {
  const [first] = ground.pool.hosts
  assert.ok(first !== undefined)
  // Something to bring: so the member on the slow host is waited for at the gate.
  let job = inventJob(ground, first, "all", data, random)
  while (job.kind !== "files") job = inventJob(ground, first, "all", data, random)
  const endsAll = random.next() < 0.5
  const hosts = ground.pool.hosts.length
  const gang = { hosts, onMemberFailure: endsAll ? "end" : "continue", outputsFrom: "main" } as const
  return { ...job, endsAll, spec: { ...job.spec, host: null, gang } }
}

/** Has one host get what it needs later than the others. @returns what ends that */
export async function slowOne(ground: Ground, random: Random): Promise<() => Promise<void>> {
  const host = random.pick(ground.pool.hosts)
  await host.shape(SLOW_MBIT)
  return () => host.shape(MBIT)
}

/** Waits until a member is at the gate, or all are past it. */
export async function comesToGate({ pool }: Ground, { id }: LedgerGang, limitMs: number): Promise<void> {
  const isThere = ({ state, reason }: JobView) =>
    (state !== "queued" && state !== "starting") || /members are ready/.test(reason ?? "")
  await pool.untilJob(id, isThere, limitMs)
}

/**
 * Checks an ended job on several hosts against the ledgers of its members. @param mayEndLinks hosts were without a link for so long that members end
 * @throws AssertionError
 */
export async function checkGang(
  ground: Ground,
  job: LedgerGang,
  view: JobView,
  toll: Toll,
  mayEndLinks: boolean,
): Promise<void> {
  assert.ok(isFinal(view.state), `it has ended: ${view.state}`)
  assert.ok(view.cause !== null && CAUSES.includes(view.cause), `its cause is of the list: ${view.cause}`)
  const hosts = ground.pool.hosts.map((host) => ({ host, ...readLedger(ledgerOn(ground, host, job)) }))
  for (const { host, starts } of hosts) {
    assert.equal(new Set(starts).size, starts.length, `no attempt ran twice on ${host.name}`)
    for (const number of starts) {
      const members = membersOf(view, number)
      assert.equal(members.length, hosts.length, `attempt ${number} is known, with all members`)
      // None begins before all are ready: then all have begun, or were on the point of it.
      assert.ok(
        members.every(({ startedAt }) => startedAt !== null),
        `all members of attempt ${number} were let go`,
      )
    }
  }
  if (toll === "nothing") {
    const hasTried = mayEndLinks && attemptCount(view) > job.retries
    if (!(hasTried && view.cause === "link_lost"))
      assert.equal(view.cause, "exited", `nothing was lost: ${view.reason}`)
    if (!mayEndLinks) assert.equal(attemptCount(view), 1, `it ran once: ${JSON.stringify(view.attempts)}`)
  }
  const last = membersOf(view)
  for (const member of last) await checkMember(ground, job, view, member)
  if (view.cause !== "exited") {
    assert.notEqual(view.state, "succeeded")
    if (toll === "attempts") assert.ok(attemptCount(view) > job.retries, "it was tried as often as it may be")
    return
  }
  assert.equal(view.exitCode, job.exitCode)
  assert.equal(view.state, job.exitCode === 0 ? "succeeded" : "failed")
  if (job.exitCode === 0 || !job.endsAll) assert.ok(last.every(({ cause }) => cause === "exited"))
  if (last[0]?.cause !== "exited") return
  assert.equal(view.outputs?.state, job.made === null ? "none" : "ready")
  if (job.made !== null) assert.equal(view.outputs?.bytes, job.made.length)
}

/** What it printed is all of it, or the beginning where it was ended. */
async function checkMember(ground: Ground, job: LedgerGang, view: JobView, member: AttemptView): Promise<void> {
  const host = ground.pool.hosts.find(({ name }) => name === member.hostName)
  assert.ok(host !== undefined)
  const who = `rank ${member.rank} on ${host.name}`
  for (const stream of ["stdout", "stderr"] as const) {
    const response = await ground.pool.request("GET", `/v1/jobs/${view.id}/logs?stream=${stream}&rank=${member.rank}`)
    const printed = Buffer.from(await response.arrayBuffer())
    const wanted = member.cause === "exited" ? job[stream] : job[stream].subarray(0, printed.length)
    assert.ok(printed.equals(wanted), `${who}: ${stream} has ${printed.length} bytes of ${job[stream].length}`)
  }
  if (member.cause !== "exited") return
  const { ends } = readLedger(ledgerOn(ground, host, job))
  const noted = ends.find(({ attempt }) => attempt === member.number)
  assert.equal(noted?.exitCode, member.exitCode, `${who}: the exit code is the ledger's`)
}

function ledgerOn(ground: Ground, host: LabHost, { name }: LedgerGang): Pick<LedgerJob, "ledgerFile"> {
  return { ledgerFile: ground.ledger(host, name).outside }
}
