/** The HTTP API's shapes for how machines come to be hosts and leave again; the rest is in api.ts. */
import type { InviteView } from "./api.ts"
import type { JobId } from "./ids.ts"

/** GET /v1/server-key: the line for a host's authorized_keys that lets the server in. */
export interface ServerKeyAnswer {
  readonly line: string
}

/** POST /v1/invites/mac (admin): a code by which an owner lends a machine. What is `null` is as `host add` has it. */
export interface MacInviteRequest {
  readonly owner: string | null
  readonly name: string | null
  readonly fleet: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly expiresInMs: number
}

/** Answers this once. */
export interface MacInvite extends InviteView {
  readonly code: string
  /** What the owner pastes into Terminal on the machine. */
  readonly line: string
}

/** POST /v1/lend (open): what the script of that line sends. Answers lines for a shell. POST /v1/lend/look `{ code }` uses nothing up. */
export interface LendRequest {
  readonly code: string
  /** The account jobs are to run as. */
  readonly user: string
  /** The machine's own, as it sees it itself: it is pinned. */
  readonly hostKey: string
  /** A Mac's Bonjour name, without `.local`. */
  readonly name: string | null
  /** The account of who lends it, where that is known. */
  readonly consoleAccount: string | null
  readonly accountOfOwner: boolean
}

/**
 * POST /v1/hosts/HOST/leave (admin): its jobs end and go on elsewhere, all of Windfall is removed there, and the host leaves the
 * pool. Answers NDJSON of {@link LeaveStep}. It goes on when nobody reads; a host that cannot be reached is cleaned at the next contact.
 */
export interface HostLeaveRequest {
  /** Jobs are ended without being asked. */
  readonly now: boolean
}
export type LeaveStep =
  | { readonly step: "ending"; readonly jobs: readonly JobId[] }
  | { readonly step: "cleaning" }
  | { readonly step: "went"; readonly what: string; readonly bytes: number }
  /** The last one: a look at the end has found nothing more there. */
  | { readonly step: "done" }
  /** The last one: it goes on at the next contact. */
  | { readonly step: "waiting"; readonly reason: string }
