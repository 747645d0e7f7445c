import type { AcceptedLook } from "./account-look.ts"
import type { HostView } from "./host.ts"
import type { HostId } from "./ids.ts"
import type { AttemptState, Suspension } from "./job.ts"
import type { RuleTexts } from "./owner.ts"

/**
 * GET /v1/hosts/HOST/owner. POST .../owner/pause {@link PauseRequest}, .../owner/resume `{}` and .../owner/rules
 * {@link RulesRequest} answer it too: for the host's owner and administrators, as presence/lever.ts has it. POST
 * .../owner (admin) {@link HostOwnerRequest} says whose Mac it is.
 */
export interface OwnerView
  extends Pick<
    HostView,
    "name" | "fleet" | "owner" | "consoleAccount" | "presence" | "lever" | "obstacles" | "preset" | "policy"
  > {
  readonly host: HostId
  /** Why no job starts whoever is at it: it has left, is drained, cannot be reached, its rules let nobody, ...; `null` where some may. */
  readonly closed: string | null
  /** Of its hours, where no rule says another. */
  readonly timeZone: string
  readonly jobs: readonly JobThere[]
  /** now: the host has taken all that was said. next_contact: it has not yet, and obeys when it is heard of next. never: it has left the pool. */
  readonly heard: "now" | "next_contact" | "never"
}

/** A job on somebody's Mac. */
export interface JobThere {
  readonly job: number
  /** `null` for none, and for who is neither its sender nor an administrator. */
  readonly name: string | null
  readonly user: string
  readonly state: AttemptState
  /** When it began there; `null` while it is being made ready. */
  readonly since: number | null
  readonly suspended: Suspension | null
  /** What it holds of the memory. */
  readonly memoryBytes: number | null
  readonly usesGpu: boolean
}

/** Until when to pause: `for` so long ("2h"), or `until` a time ("18:00" on the host's clock, "today", or ms since 1970); neither: until somebody resumes. */
export interface PauseRequest {
  readonly for: string | null
  readonly until: string | number | null
}

/** Rules to set by their names; `null` takes one back, so that the fleet's holds again. */
export interface RulesRequest {
  readonly rules: Readonly<Record<string, string | null>>
}

/** What is left out stays. */
export interface HostOwnerRequest {
  readonly owner?: string | null | undefined
  readonly consoleAccount?: string | null | undefined
}

/** What POST /v1/hosts/HOST/owner answers. */
export interface HostOwnerView extends HostView {
  /** Whether the host has the account that was named; `null` where none was. */
  readonly accountLook: AcceptedLook | null
}

/** GET /v1/fleets answers `{ fleets }`; POST /v1/fleets/NAME/policy (admin) {@link FleetPolicyRequest} answers one. */
export interface FleetView {
  readonly name: string
  readonly preset: string
  /** What is to be otherwise than in the preset. */
  readonly rules: RuleTexts
  /** Names of its hosts. */
  readonly hosts: readonly string[]
  /** Networks that members of hives there may talk over. Absent: none, and from earlier releases. */
  readonly hiveNets?: readonly string[]
}

/** POST /v1/fleets/NAME/hive-network (admin): these and no others; none: none. Answers the fleet. */
export interface HiveNetworkRequest {
  readonly nets: readonly string[]
  /** They may be such as machines elsewhere have, too. */
  readonly allowsPublic: boolean
}

export interface FleetPolicyRequest extends RulesRequest {
  /** `null`: as it is. */
  readonly preset: string | null
}
