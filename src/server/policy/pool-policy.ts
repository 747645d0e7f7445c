import { fileProblemsError } from "../../protocol/file-problems.ts"
import type { PolicyApplyRequest, PolicyApplyView, PolicyView } from "../../protocol/policy-api.ts"
import { DEFAULT_POLICY } from "../../scheduler/policy/default-policy.ts"
import { changeText, diffPolicies } from "../../scheduler/policy/diff-policies.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { readPolicy } from "../../scheduler/policy/read-policy.ts"
import { type KnownNames, unknownNames } from "../../scheduler/policy/unknown-names.ts"
import type { Core } from "../core.ts"
import { keepReached } from "../queue/reached.ts"
import { policyNow } from "../queue/scene-now.ts"
import { policyMoves } from "./policy-moves.ts"

/** What an event says of a change at most. */
const MOST_WORDS = 1_000

const NO_POLICY = { version: 0, text: "", appliedAt: null, appliedBy: null }

/** The file that was applied last. */
export function latestPolicy(core: Core): Omit<PolicyView, "problem"> {
  return core.store.policies.latest() ?? NO_POLICY
}

export function policyView(core: Core): PolicyView {
  return { ...latestPolicy(core), problem: readLatest(core).problem }
}

/** Whether anybody has applied a policy. */
export function policyHolds(core: Core): boolean {
  return latestPolicy(core).version > 0
}

/** The policy that was applied last; that of an empty file when there is none. How jobs are ordered then: `policyNow`. */
export function currentPolicy(core: Core): Policy {
  return readLatest(core).policy
}

interface ReadPolicy {
  readonly text: string
  readonly policy: Policy
  readonly problem: string | null
}

/** The file that was read last: it is asked for at each pass. */
const READ = new WeakMap<Core, ReadPolicy>()

function readLatest(core: Core): ReadPolicy {
  const { text, version } = latestPolicy(core)
  const known = READ.get(core)
  if (known?.text === text) return known
  const { policy, problems } = readPolicy(text)
  // An earlier release took it. Whoever applies one anew sees all that changes.
  const problem = policy === null ? (problems[0]?.text ?? "it cannot be read") : null
  if (problem !== null)
    core.report(`Cannot read version ${version} of the policy, so that of an empty file holds`, problem)
  const read = { text, policy: policy ?? DEFAULT_POLICY, problem }
  READ.set(core, read)
  return read
}

/**
 * Applies a policy file, or says what would change. The file as it was written, and the event, are one transaction. Within a change.
 * @throws {WindfallError} `invalid_input` with all that is wrong with it, line and column each: nothing is changed then
 */
export function applyPolicy(core: Core, { text, dryRun }: PolicyApplyRequest, actor: string): PolicyApplyView {
  const { policy, problems } = readPolicy(text)
  if (problems !== null) {
    throw fileProblemsError("the policy", problems, "What a policy file can say is in docs/policy-file.md")
  }
  const before = latestPolicy(core)
  const changes = diffPolicies(policyNow(core), policy).map((change) => ({ ...change, words: changeText(change) }))
  const { entries, moves } = policyMoves(core, policy)
  const notices = unknownNames(policy, namesOf(core))
  if (dryRun) return { version: before.version, applied: false, changes, moves, notices }
  // An empty file is one too: owners go first by it, which they do not where none was applied.
  if (before.version > 0 && text === before.text)
    return { version: before.version, applied: true, changes, moves: [], notices }
  // What jobs had by the policy that goes is not to hang on when a whole plan was last made.
  keepReached(core, currentPolicy(core), entries)
  const version = before.version + 1
  core.store.policies.add({ version, text, appliedAt: core.clock.now(), appliedBy: actor })
  const words = changes.map((change) => change.words).join("; ")
  const what = words.length <= MOST_WORDS ? words : `${words.slice(0, MOST_WORDS)} ...`
  if (!policy.owners.learnPresence) core.weeks.forgetWeeks()
  core.usage.policyChanged()
  core.ledger.event({ type: "policy_applied", version, what }, actor)
  core.wakePlanner()
  return { version, applied: true, changes, moves, notices }
}

function namesOf(core: Core): KnownNames {
  return {
    hosts: core.fleet.all().map(({ record: { name, facts, labels } }) => ({ name, chip: facts?.chip ?? null, labels })),
    users: core.store.accounts.users().map(({ name }) => name),
  }
}
