import { engineSystem } from "../../hive/engines/engine-adapter.ts"
import { mlxAdapter } from "../../hive/engines/mlx-adapter.ts"
import { mayGoBetter } from "../../hive/order/hive-news.ts"
import { type Cause, isFinal } from "../../protocol/job-state.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { decidingMember } from "../gang/gang-state.ts"
import { latestOf, mainOf } from "../gang/members.ts"
import { silentForMs } from "../jobs/contact.ts"
import { isWithoutRoom, withoutDiskAdvice } from "../jobs/disk-advice.ts"
import { HIVE_SILENCE_MS } from "../limits.ts"
import { endOfMember } from "./end-of-member.ts"
import { ENDED_WITH_SERVER, endedWithServer, withServer } from "./former-hives.ts"
import { heldMore } from "./held-memory.ts"
import type { HiveWatch } from "./hive-watch.ts"
import type { HiveLook, HiveLoss } from "./replica-step.ts"

/** What goes wrong with a host and not with the model. */
const OF_HOSTS: ReadonlySet<string> = new Set(["engine_missing", "out_of_memory", "versions_differ", "firewall_asks"])

/** What a head says of a member that it does not hear of any more. */
const FROM_AFAR: ReadonlySet<string> = new Set(["member_lost", "member_left"])

/** Members that do not find each other. */
const NOT_FOUND: ReadonlySet<string> = new Set(["unreachable", "member_missing"])

/** Ends of a program that is gone without a word. */
const ENDS: ReadonlySet<string> = new Set<Cause>([
  ...(["exited", "signalled", "out_of_memory", "supervisor_lost"] as const),
  ...(["host_restarted", "host_crashed", "link_lost"] as const),
])

/** How a hive stands, by its job and what its main member says. @param startMs what a start may take */
export function lookAtHive(
  core: Core,
  job: JobRecord,
  watch: HiveWatch | null,
  plan: ReplicaPlan | null,
  startMs: number,
): HiveLook {
  const attempts = latestOf(job)
  const main = mainOf(job)
  const startedAt = main?.startedAt ?? null
  const own = watch !== null && watch.attempt === main?.number ? watch : null
  own?.hosts.note(attempts.flatMap((one, rank) => (isOutOfContact(core, one) ? [rank] : [])))
  return {
    state: job.state,
    reason: job.reason,
    wasTried: attempts.length > 0,
    stoppedBy:
      job.stop?.by ?? (job.state === "cancelled" ? (/^stopped by (\S+)/.exec(job.reason ?? "")?.[1] ?? null) : null),
    away: awayText(core, job),
    isGone: isFinal(job.state) && job.attempts.every((one) => isOver(core, one)),
    step: own?.step ?? null,
    building: own?.building ?? null,
    isReady: own?.ready != null && !own.isEnding,
    slow: own === null ? null : slowText(own, plan),
    lost:
      (own === null ? null : withHeld(withServer(lossOf(own, plan, attempts), own, plan), attempts)) ??
      roomLossOf(attempts) ??
      buildLossOf(core, attempts),
    isHeardOut: own === null || !isFinal(job.state) || own.isHeardOut(),
    silentLoss: isFinal(job.state) ? withHeld(silentLossOf(attempts, own, plan), attempts) : null,
    isOverdue: startedAt !== null && core.clock.now() > startedAt + startMs,
  }
}

function lossOf(
  { lost, ready, cutOff }: HiveWatch,
  plan: ReplicaPlan | null,
  attempts: readonly AttemptRecord[],
): HiveLoss | null {
  if (lost === null) return null
  const { code, hint, member } = lost
  const host = OF_HOSTS.has(code) ? (plan?.members[member ?? 0] ?? null) : null
  const name = plan?.members[member ?? 0]?.hostName ?? null
  // The others only see that it is gone.
  const gone = FROM_AFAR.has(code) && member !== null ? attempts[member] : undefined
  // One that ended by itself did so for what the head says, or said it better.
  const seen = gone === undefined || gone.cause === "exited" ? null : endOfMember(gone)
  const reason = seen ?? inOneHost(lost.reason, attempts.length, name)
  // Who is cut off itself takes the others for gone.
  const isOwn = gone !== undefined && seen === null && cutOff.has(0) && !cutOff.has(member ?? 0)
  const head = isOwn ? `${plan?.members[0]?.hostName ?? "its head"} was out of contact, and lost the others: ` : ""
  const where = name === null || member === null || reason.includes(name) ? "" : ` (${name})`
  const what = code === "out_of_memory" ? `out of memory on ${name}: ` : ""
  const text = `${what}${head}${reason}${where}${hint === undefined ? "" : `. ${hint}`}`
  const isShut = code === "firewall_asks"
  const isOfCables = plan?.over?.kind === "thunderbolt" && ready === null && NOT_FOUND.has(code)
  return {
    ...{ reason: text, mayGoBetter: mayGoBetter(code), host: host?.host ?? null },
    ...(isShut ? { isShut } : {}),
    ...(isOfCables ? { isOfCables } : {}),
  }
}

/** Which links are slow, in words. */
function slowText({ slow }: HiveWatch, plan: ReplicaPlan | null): string | null {
  if (slow.size === 0 || plan === null) return null
  const [head] = plan.members
  const each = [...slow].map(([rank, ms]) => {
    const to = plan.members[rank]?.hostName ?? "?"
    return `link slow: between ${head?.hostName} and ${to} (member ${rank}) a word takes ${ms} ms there and back, and so does each token`
  })
  return each.join("; ")
}

/** A member of one does not know its host's name, and needs no rank. */
function inOneHost(reason: string, members: number, name: string | null): string {
  return members > 1 || name === null ? reason : reason.replace(/^member 0 \(localhost\): /, `on ${name} `)
}

/** Of one whose head said nothing: the member that ended first, and not for the others' sake. */
function silentLossOf(
  attempts: readonly AttemptRecord[],
  own: HiveWatch | null,
  plan: ReplicaPlan | null,
): HiveLoss | null {
  const deciding = decidingMember(attempts) ?? attempts[0]
  if (deciding === undefined || !ENDS.has(deciding.cause ?? "cancelled")) return null
  const isOfServer = own !== null && deciding.cause === "exited" && endedWithServer(own, plan)
  const reason = isOfServer ? ENDED_WITH_SERVER : endOfMember(deciding)
  if (reason === null) return null
  if (deciding.cause !== "out_of_memory") return { reason, mayGoBetter: true, host: null }
  // An engine works its template out before it answers, and nobody can tell whether that ends.
  const isEarly = own !== null && own.ready === null && heldMore(attempts) !== null
  const early = ". It had not answered yet: its model needs more than its header tells, or its chat template never ends"
  return { reason: isEarly ? `${reason}${early}` : reason, mayGoBetter: true, host: deciding.hostId }
}

/** With what a member held beyond what was planned for it. */
function withHeld(loss: HiveLoss | null, attempts: readonly AttemptRecord[]): HiveLoss | null {
  const held = loss === null ? null : heldMore(attempts)
  return loss === null || held === null ? loss : { ...loss, held }
}

/** A host whose disk has no room for its files is no place for it, whatever the other hosts have. */
function roomLossOf(attempts: readonly AttemptRecord[]): HiveLoss | null {
  const failed = attempts.find(({ cause, message }) => cause !== null && isWithoutRoom(cause, message ?? ""))
  if (failed === undefined) return null
  const { hostId, hostName, message } = failed
  const why = message === null ? "its disk is full" : withoutDiskAdvice(message)
  const reason = `no room on the disk of ${hostName}: ${why}. What is held there: windfall host show ${hostName}`
  return { reason, mayGoBetter: true, host: hostId }
}

/** A host on which its engine could not be built is like one that has none. */
function buildLossOf(core: Core, attempts: readonly AttemptRecord[]): HiveLoss | null {
  const failed = attempts.find(({ cause }) => cause === "environment_failed")
  if (failed === undefined) return null
  const { hostId, hostName, message } = failed
  const facts = core.fleet.get(hostId)?.record.facts ?? null
  // What a job's sender could do about it is not for who serves a model.
  const [why = ""] = (message ?? "nothing is known of why").replace(/^Cannot [^:]+: /, "").split(/\. (?=[A-Z])/)
  const reason = `MLX cannot be built on ${hostName}: ${why}. That host must reach a Python package index (UV_DEFAULT_INDEX where the server is started names another one), or have MLX already: ${mlxAdapter.whereToGet(engineSystem(facts))}`
  return { reason, mayGoBetter: true, host: hostId }
}

/** Nothing of it is left on its host, or it is on one that may never come back: that ends what is left as soon as it does. */
function isOver(core: Core, { swept, fenced, onHost, hostId }: AttemptRecord): boolean {
  return swept || fenced || !onHost || silentForMs(core, hostId) >= HIVE_SILENCE_MS
}

function awayText(core: Core, job: JobRecord): string | null {
  for (const attempt of latestOf(job)) {
    const { hostName, suspended } = attempt
    if (suspended !== null) return `it is stopped on ${hostName}: ${suspended.text}`
    if (isOutOfContact(core, attempt)) return `${hostName} is out of contact`
  }
  return null
}

function isOutOfContact(core: Core, { hostId, outOfContactSince }: AttemptRecord): boolean {
  return outOfContactSince !== null || core.fleet.get(hostId)?.channel == null
}

/** A hive of whose job nothing is known. */
export const UNKNOWN_HIVE: HiveLook = {
  state: "failed",
  reason: "nothing is known of its job any more",
  wasTried: true,
  stoppedBy: null,
  away: null,
  isGone: true,
  step: null,
  building: null,
  isReady: false,
  slow: null,
  lost: null,
  isHeardOut: true,
  silentLoss: null,
  isOverdue: false,
}
