/** What the members of one attempt on several hosts come to together. Pure. */
import type { GangRequest } from "../../protocol/gang.ts"
import type { Cause } from "../../protocol/job-state.ts"
import type { AttemptRecord } from "../../store/job-record.ts"
import type { AttemptEnd } from "../jobs/outcome.ts"

export function isCommandsOwn(cause: Cause): boolean {
  return COMMANDS_OWN.has(cause)
}

/** What counts of a member's record. */
export type MemberState = Pick<AttemptRecord, "cause" | "exitCode" | "signal" | "member" | "hostName" | "message">

type Policy = GangRequest["onMemberFailure"]

/** The command's own doing, which may be what others' ends brought about. */
const COMMANDS_OWN: ReadonlySet<Cause> = new Set(["exited", "signalled", "out_of_memory"])

/** Whether all members wait at the gate and nothing speaks against their going. */
export function mayGo(members: readonly MemberState[]): boolean {
  return members.every(({ member }) => member?.atGate !== undefined && !isOver(member) && member.leaves === undefined)
}

/** Whether all were let go: before that no command of theirs has begun. */
export function hasGone(members: readonly MemberState[]): boolean {
  return members.some(({ member }) => member?.roster !== undefined)
}

export function haveAllEnded(members: readonly MemberState[]): boolean {
  return members.every(({ member }) => isOver(member))
}

/** Whether what is known of some is to end those that are still there. */
export function endsAll(members: readonly MemberState[], policy: Policy): boolean {
  return members.some((one) => one.member?.leaves !== undefined || (isOver(one.member) && actsOnAll(one, policy)))
}

/**
 * The member that decides how the whole ends; `undefined` where all succeeded. That is the first that did not end well; but where any has
 * stepped aside, or was lost or stopped, the first of those: that others could not go on without it is no failure of theirs.
 */
export function decidingMember<T extends MemberState>(members: readonly T[]): T | undefined {
  const failed = members
    .filter((one) => isOver(one.member) && !hasSucceeded(one) && one.cause !== "member_ended")
    .sort((a, b) => orderOf(a) - orderOf(b))
  return failed.find(({ cause }) => cause !== null && !COMMANDS_OWN.has(cause)) ?? failed[0]
}

/** How the whole has ended, once all members have. */
export function endOfAll(members: readonly MemberState[]): AttemptEnd {
  const neverRan = !hasGone(members)
  const deciding = decidingMember(members)
  if (deciding?.cause != null) {
    const { cause, exitCode, signal, member } = deciding
    if (neverRan && COMMANDS_OWN.has(cause))
      return { cause: "start_failed", exitCode: null, signal: null, neverRan, slipped: false }
    return { cause, exitCode, signal, neverRan, slipped: neverRan && member?.ended?.slipped === true }
  }
  const leaves = members.find(({ member }) => member?.leaves !== undefined)?.member?.leaves
  if (leaves !== undefined) return { cause: leaves, exitCode: null, signal: null, neverRan, slipped: false }
  return { cause: "exited", exitCode: 0, signal: null, neverRan: false, slipped: false }
}

/** Why the whole ended, or is about to, for people. */
export function memberText({ member, hostName, cause, exitCode, signal, message }: MemberState): string {
  const how =
    cause === "exited" ? `exit code ${exitCode}` : cause === "signalled" ? `signal ${signal}` : (cause ?? "it ended")
  const who = `rank ${member?.rank} on ${hostName}`
  return message === null ? `${who} ended (${how})` : `${who} ended (${how}): ${message}`
}

function actsOnAll(one: MemberState, policy: Policy): boolean {
  if (hasSucceeded(one) || one.cause === "member_ended" || one.cause === null) return false
  return policy === "end" || !COMMANDS_OWN.has(one.cause) || one.member?.roster === undefined
}

/** What ended before it was let go was not its command. */
function hasSucceeded({ cause, exitCode, member }: MemberState): boolean {
  return cause === "exited" && exitCode === 0 && member?.roster !== undefined
}

function isOver(member: AttemptRecord["member"]): boolean {
  return member?.ended !== undefined
}

function orderOf({ member }: MemberState): number {
  return member?.ended?.order ?? Number.POSITIVE_INFINITY
}
