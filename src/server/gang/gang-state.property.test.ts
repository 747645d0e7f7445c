import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { CAUSES, type Cause } from "../../protocol/job-state.ts"
import type { MemberRecord } from "../../store/member-record.ts"
import { decidingMember, endOfAll, endsAll, hasGone, haveAllEnded, type MemberState, mayGo } from "./gang-state.ts"

const OWN: readonly (Cause | null)[] = ["exited", "signalled", "out_of_memory"]
const end = fc.record({
  rank: fc.nat(3),
  cause: fc.constantFrom(...CAUSES, "exited" as const, "exited" as const),
  exitCode: fc.constantFrom(0, 0, 1, 7),
  slipped: fc.boolean(),
})
const news = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("gate" as const), rank: fc.nat(3) }) },
  { weight: 3, arbitrary: end.map((one) => ({ type: "end" as const, ...one })) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("leaves" as const), rank: fc.nat(3) }) },
)
const history = fc.record({
  size: fc.integer({ min: 2, max: 4 }),
  policy: fc.constantFrom("end" as const, "continue" as const),
  news: fc.array(news, { maxLength: 14 }),
})

type News = typeof news extends fc.Arbitrary<infer T> ? T : never

const ROSTER: NonNullable<MemberRecord["roster"]> = []

/** What the records become as the server takes this in: a repeat, and word of what is over, changes nothing. */
function take(members: readonly MemberState[], one: News): readonly MemberState[] {
  const before = members[one.rank]
  if (before?.member === undefined || before.member.ended !== undefined) return members
  const after = (() => {
    if (one.type === "gate")
      return { ...before, member: { ...before.member, atGate: { addresses: [], ports: [1, 2] as const } } }
    if (one.type === "leaves") return { ...before, member: { ...before.member, leaves: "owner_returned" as const } }
    const order = 1 + members.filter(({ member }) => member?.ended !== undefined).length
    const { cause, exitCode, slipped } = one
    return {
      ...before,
      cause,
      exitCode: cause === "exited" ? exitCode : null,
      member: { ...before.member, ended: { order, slipped } },
    }
  })()
  const all = members.map((other) => (other === before ? after : other))
  if (hasGone(all) || !mayGo(all)) return all
  return all.map((other) => ({ ...other, member: { ...other.member!, roster: ROSTER } }))
}

function membersOf(size: number): readonly MemberState[] {
  return Array.from({ length: size }, (_, rank) => ({
    cause: null,
    exitCode: null,
    signal: null,
    message: null,
    hostName: `host${rank}`,
    member: { rank, size },
  }))
}

test("in any order of news all go together or none, whoever ends all ends them for good, and the end is one of theirs", () => {
  fc.assert(
    fc.property(history, ({ size, policy, news }) => {
      let members = membersOf(size)
      for (const one of news) {
        const [hadGone, wasEnding] = [hasGone(members), endsAll(members, policy)]
        members = take(members, one)
        const gone = members.filter(({ member }) => member?.roster !== undefined).length
        assert.ok(gone === 0 || gone === size, "all or none")
        // Nobody goes any more once one has ended or steps aside.
        if (!hadGone && hasGone(members))
          assert.ok(!wasEnding && members.every(({ member }) => member?.ended === undefined))
        assert.ok(!wasEnding || endsAll(members, policy), "ending stays ending")
      }
      const failed = members.filter(
        ({ member, cause, exitCode }) =>
          member?.ended !== undefined &&
          cause !== "member_ended" &&
          !(cause === "exited" && exitCode === 0 && hasGone(members)),
      )
      const strict =
        failed.some(({ cause }) => !OWN.includes(cause) || !hasGone(members)) ||
        members.some(({ member }) => member?.leaves)
      assert.equal(endsAll(members, policy), strict || (policy === "end" && failed.length > 0))
      if (!haveAllEnded(members)) return
      const whole = endOfAll(members)
      assert.equal(whole.neverRan, !hasGone(members) && (failed.length > 0 || strict))
      const deciding = decidingMember(members)
      if (failed.length === 0) assert.equal(deciding, undefined)
      else {
        assert.ok(deciding !== undefined && failed.includes(deciding))
        const isStart = !hasGone(members) && OWN.includes(deciding.cause)
        const told = isStart ? ["start_failed", null] : [deciding.cause, deciding.exitCode]
        assert.deepEqual([whole.cause, whole.exitCode], told)
        const alike = failed.filter(({ cause }) => OWN.includes(cause) === OWN.includes(deciding.cause))
        const first = Math.min(...alike.map(({ member }) => member!.ended!.order))
        assert.equal(deciding.member?.ended?.order, first, "the first of its kind")
        // A command that failed decides only where nothing else has happened to any.
        assert.equal(
          OWN.includes(deciding.cause),
          failed.every(({ cause }) => OWN.includes(cause)),
        )
      }
    }),
    { numRuns: 20_000 },
  )
})

test("which rank had which end does not matter", () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), ({ size, policy, news }, keys) => {
      const members = news.reduce(take, membersOf(size))
      const other = members.toSorted((a, b) => keys[a.member!.rank]! - keys[b.member!.rank]!)
      assert.equal(endsAll(other, policy), endsAll(members, policy))
      if (haveAllEnded(members)) assert.deepEqual(endOfAll(other), endOfAll(members))
    }),
    { numRuns: 5_000 },
  )
})
