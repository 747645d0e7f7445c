import assert from "node:assert/strict"
import { isLasting, type Obstacle, OWNER_CODES } from "../../src/scheduler/obstacle.ts"
import { kindOf } from "../../src/scheduler/obstacle-kinds.ts"
import type { HostAnswer } from "../../src/scheduler/queue/explain-entry.ts"
import type { QueueEntry } from "../../src/scheduler/queue/queue-plan.ts"
import type { QueueJob } from "../../src/scheduler/queue/queue-scene.ts"

const AWAY: ReadonlySet<string> = new Set([
  ...OWNER_CODES,
  ...["connecting", "asleep", "down", "refused", "draining", "withheld"].map((state) => `host_${state}`),
  "booked",
])
/** Room that is not there in this moment. */
const TAKEN: ReadonlySet<string> = new Set([
  "memory_leased",
  "gpu_leased",
  "cores_leased",
  "memory_short",
  "alone",
  "making_room",
])

/**
 * Whether what is said of the job itself follows from what its hosts say: room is what is missing only where enough of them take jobs, and what
 * keeps hosts from it is named where they would be enough without.
 */
export function assertReason(entry: QueueEntry, job: QueueJob, answers: readonly HostAnswer[]): void {
  const { reason } = entry
  if (reason === null) return
  const all = answers.map(({ obstacles }) => obstacles)
  const possible = all.filter((some) => !some.some((one) => isLasting(one as Obstacle) || one.code === "not_booked"))
  const has = (codes: ReadonlySet<string>) => (some: HostAnswer["obstacles"]) =>
    some.some(({ code }) => codes.has(code))
  const taking = possible.filter((some) => !has(AWAY)(some))
  const withRoom = taking.filter((some) => !has(TAKEN)(some))
  const said = `job ${job.id}, ${reason.code}: ${JSON.stringify(all.map((some) => some.map(({ code }) => code)))}`
  if (reason.code === "resources") {
    assert.ok(taking.length >= job.hosts && withRoom.length < job.hosts, said)
    assert.equal(reason.away !== undefined, taking.length < possible.length, said)
  } else if (reason.code === "priority") assert.ok(withRoom.length >= job.hosts, said)
  else if ("away" in reason) {
    assert.ok(taking.length < job.hosts, said)
    const kinds = possible.filter(has(AWAY)).map(([first]) => first!.code as Obstacle["code"])
    const isNearer = (code: Obstacle["code"]) => kindOf(code) < kindOf(reason.code)
    const nearer = taking.length + kinds.filter(isNearer).length
    const asNear = kinds.filter((code) => kindOf(code) === kindOf(reason.code)).length
    assert.ok(kinds.includes(reason.code) && nearer < job.hosts && nearer + asNear >= job.hosts, said)
  } else if (reason.code === "preempting") {
    const here = new Set(reason.jobs)
    assert.ok(reason.jobs.length > 0 && entry.state === "reserved" && entry.startMs === reason.untilMs, said)
    for (const { job: one } of entry.preempts) assert.ok(here.has(one) || entry.preempts.length > 1, said)
  }
}
