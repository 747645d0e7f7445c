/**
 * The HTTP API's shapes: what goes in and comes out of each route. The server checks what comes in with the schemas in
 * server/api/; the command line and the dashboard use only these routes. Bodies are JSON unless said otherwise;
 * errors are {@link ErrorBody}. Every request but `GET /v1/health`, `GET /v1/openapi.json`, `POST /v1/login` and those of an install (`/install.sh`, `/v1/install/...`) or of a machine that is lent (`/join.sh`, `/v1/lend...`) carries
 * `Authorization: Bearer TOKEN`. Every POST may carry `Idempotency-Key`: what is asked for under one key
 * by one user within a day is done once, and repeats get the first answer (of a join its last line; a repeat that comes
 * while the first is under way waits for it); with another body they are refused (`idempotency_mismatch`). A refusal
 * is not kept, as nothing was done: the same request may be tried again under its key. A query parameter that a route does
 * not have is refused.
 */

import type { OutputStream } from "./frames.ts"
import type { HostView } from "./host.ts"
import type { BlobHash, CodeId, JobId, ServerId, TokenId } from "./ids.ts"
import type { JobSpec, JobView } from "./job.ts"

export type { WhyAnswer } from "./why.ts"

export const API_VERSION = 1

/** Where a server listens if it is not told otherwise. */
export const DEFAULT_PORT = 7480

export type Role = "user" | "admin"

/** What is left of two roles together. */
export function lesserRole(one: Role, other: Role): Role {
  return one === "admin" ? other : one
}

/** GET /v1/health */
export interface Health {
  readonly server: ServerId
  readonly version: string
  readonly api: number
}

/** GET /v1/me */
export interface Me {
  readonly user: string
  /** What the token may: at most what its user may. */
  readonly role: Role
  readonly tokenExpiresAt: number | null
}

/** POST /v1/users (admin) `{ name, role }`, GET /v1/users, DELETE /v1/users/NAME */
export interface UserView {
  readonly name: string
  readonly role: Role
  readonly createdAt: number
}

/** How long a token may last that is to expire, in milliseconds. */
export const TOKEN_LIFE_MS = { minimum: 1_000, maximum: 3_660 * 86_400_000 }

/**
 * GET /v1/tokens, DELETE /v1/tokens/ID. POST /v1/tokens `{ user, role?: Role|null, expiresInMs?: number|null }` answers this
 * with `token`, once. What is left out is as the token it is made with, or as the user, whichever is less.
 */
export interface TokenView {
  readonly id: TokenId
  readonly user: string
  /** What it may, never more than its user. */
  readonly role: Role
  readonly createdAt: number
  readonly expiresAt: number | null
}

/** What a one-time code is good for: to become a user, or to lend a Mac. */
export type CodePurpose = "user" | "mac"

/** How long a one-time code may be good, in milliseconds. */
export const CODE_LIFE_MS = { minimum: 60_000, maximum: 30 * 86_400_000, default: 86_400_000 }

/** What one-time codes begin with, so that nobody takes one for a token. */
export const CODE_PREFIX = "wfc_"

/** GET /v1/invites (admin), DELETE /v1/invites/ID (admin): one-time codes that were made and not forgotten yet. */
export interface InviteView {
  readonly id: CodeId
  readonly purpose: CodePurpose
  /** The user, or whose Mac it is. */
  readonly about: string
  readonly madeBy: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly usedAt: number | null
}

/** POST /v1/invites/user (admin): a code by which somebody becomes a user, or this user logs in on one more machine. */
export interface UserInviteRequest {
  readonly user: string
  /** `null`: the user's where there is one, else "user". */
  readonly role: Role | null
  /** How long the code is good. */
  readonly expiresInMs: number
}

/** Answers this once. */
export interface UserInvite extends InviteView {
  /** Sent to POST /v1/login `{ code }`, which answers a {@link TokenView} with `token`, once. */
  readonly code: string
  /** What the invited pastes into a terminal. */
  readonly line: string
}

/** PUT /v1/secrets/NAME `{ value }`, GET /v1/secrets, DELETE /v1/secrets/NAME: the caller's own. Values never come back. */
export interface SecretView {
  readonly name: string
  readonly changedAt: number
}

/** POST /v1/hosts/scan (admin): asks the machine for its host keys, changes nothing. */
export interface HostScanRequest {
  readonly address: string
  readonly port: number | null
  /** What it is to be called, when it is to join: refused at once where another host has that name. */
  readonly name?: string | null
}
export interface HostScan {
  /** "ssh-ed25519 AAAA..." as in known_hosts, without the name. */
  readonly hostKey: string
  /** "SHA256:..." as ssh shows it. */
  readonly fingerprint: string
}

/** POST /v1/hosts (admin): joins. Answers NDJSON of {@link JoinStep}, one line a step, the last one `done` or `failed`. */
export interface HostAddRequest {
  readonly address: string
  readonly port: number | null
  /** `null`: as its address says, or where that is a number, as the machine calls itself. */
  readonly name: string | null
  readonly owner: string | null
  readonly fleet: string | null
  readonly labels: Readonly<Record<string, string>>
  /** The key the person confirmed. Another one found at the address is refused. */
  readonly hostKey: string
  readonly takeOver: boolean
  /** The owner's account on the machine, by which it knows who may say what of it there. */
  readonly consoleAccount?: string | null
  /** Its owner consents to jobs in an account that is an administrator's, or that of who sits at the screen. */
  readonly accountOfOwner?: boolean
}
export type JoinStep =
  | {
      readonly step: "reach" | "key" | "system" | "runtime" | "agent" | "facts"
      readonly state: "running" | "ok"
      readonly text: string
      /** 0..1 where it can be told. */
      readonly progress?: number
    }
  | { readonly step: "done"; readonly host: HostView }
  | { readonly step: "failed"; readonly error: import("./errors.ts").ErrorBody["error"] }

/** POST /v1/hosts/HOST/rekey (admin) `{ hostKey }`; drain and resume take `{}`; all answer the host. DELETE /v1/hosts/HOST. */
export interface HostRekeyRequest {
  readonly hostKey: string
}

/** POST /v1/hosts/HOST/disk (admin): what Windfall may hold there; `null`: as the host itself reckons. Answers the host. */
export interface HostDiskRequest {
  readonly limitBytes: number | null
}

/** POST /v1/blobs/missing: which of these the caller has not stored on the server yet. At most 100,000 a call. */
export interface BlobsMissingRequest {
  readonly hashes: readonly BlobHash[]
}
export interface BlobsMissingAnswer {
  readonly missing: readonly BlobHash[]
}
/** POST /v1/blobs: body a pack (workspace/pack.ts), answers `{ stored }` when all of it is on disk. */
export interface BlobsStored {
  readonly stored: number
}

/** POST /v1/jobs: 201 with a {@link JobView} once durable. `blobs_missing` carries `details.missing` when the workspace is not whole. */
export interface SubmitRequest {
  readonly spec: JobSpec
}
/** POST /v1/jobs/batch: all or none. POST /v1/jobs/check takes the same and only says whether it would be accepted. */
export interface SubmitBatchRequest {
  readonly specs: readonly JobSpec[]
}
export interface SubmitBatchAnswer {
  readonly jobs: readonly JobId[]
}

/** GET /v1/jobs?user=&state=&name=&limit= ; newest first. */
export interface JobList {
  readonly jobs: readonly JobView[]
}

/**
 * POST /v1/jobs/ID/stop: asks it to end; a second call, or `now`, kills it. While it is finishing, what has not come of its
 * files and output is given up. Answers the job.
 */
export interface StopRequest {
  readonly now: boolean
  readonly signal?: string
  readonly graceMs?: number
}
/** POST /v1/jobs/ID/rerun `{}` answers a new {@link JobView}. */

/**
 * GET /v1/jobs/ID/logs?attempt=N&stream=stdout|stderr|all&follow=true|false&from=OFFSET
 *
 * `stdout` and `stderr`: the raw bytes of that stream, with `Range: bytes=` honoured; `from` is an offset in that stream.
 * `all` (the default): frames (protocol/frames.ts) of both streams in order of arrival: output frames, and one JSON frame
 * of {@link LogGap} where bytes were not kept. `fromStdout` and `fromStderr` skip what the caller has.
 * `since` (ms since 1970) and `tail` (lines; with `tailOf=stdout|stderr` of that stream alone) narrow what is sent first.
 * With `follow` the body stays open until the attempt's output is complete; it waits for an attempt that is yet to come
 * and ends empty when the job ends without it.
 */
export interface LogGap {
  readonly gap: { readonly stream: OutputStream; readonly from: number; readonly to: number }
}

/**
 * GET /v1/jobs/ID/events: Server-Sent Events. First one `job` with the {@link JobView}, then `job` again whenever it
 * changes (coalesced); closes after the view with a final state *and* outputs settled. With `?noticesAfter=N` also `notice`: each
 * {@link WindfallEvent} of that type of the job above number N, before the view of a change that came with it or later.
 * GET /v1/events?after=N&follow=true: `event` for each {@link WindfallEvent}; without follow `{ events: [...] }` as JSON.
 */
export interface JobChange {
  readonly job: JobView
}

/**
 * GET /v1/jobs/ID/outputs: what came home to the server. POST /v1/jobs/ID/outputs/fetch `{ hashes }` answers a pack, without
 * the blobs that are damaged or gone on the server.
 */
export interface OutputList {
  readonly tree: BlobHash | null
  readonly files: readonly {
    readonly path: string
    readonly bytes: number
    readonly hash: BlobHash
    readonly mode: number
  }[]
  /** Paths of files and folders that are known to be damaged or gone on the server; "" when that is the list itself. */
  readonly lost: readonly string[]
}

/** What is known about why a job failed, by what it printed; see known-errors.ts. */
export interface JobHint {
  /** Stable, for scripts. */
  readonly code: string
  /** One sentence. */
  readonly meaning: string
  /** A line to type, or else what to do. */
  readonly fix: string
}
/** GET /v1/jobs/ID/hints: at most two, none for a job that has not failed. */
export interface JobHints {
  readonly hints: readonly JobHint[]
}

/** GET /v1/doctor */
export interface DoctorFinding {
  readonly subject: string
  readonly code: string
  /** note: nothing is wrong, and it is well to know; unknown: it could not be found out. docs/doctor.md has all of them. */
  readonly level: "ok" | "note" | "warning" | "problem" | "unknown"
  readonly text: string
  readonly fix: string | null
}
export interface DoctorReport {
  readonly findings: readonly DoctorFinding[]
}

/**
 * WebSocket /v1/jobs/ID/terminal (the terminal of a session or of a task under a pseudo-terminal) and
 * /v1/jobs/ID/shell?id=SHELL (a shell of one's own beside a running job; SHELL, chosen by the client as isTerminalId()
 * says, names it, so that the same call after a lost link comes back to the same shell): one terminal frame
 * (protocol/terminal.ts) in each binary message.
 */
export type TerminalRoute = "terminal" | "shell"

/**
 * WebSocket /v1/jobs/ID/ports/PORT (protocol/tunnel.ts): a connection to a port of the job's host that a process of the job
 * listens on. With ?look=true it is closed at once with 1000 when there is such a process by then, which is waited for a
 * while; no connection is made. WebSocket /v1/jobs/ID/ssh?key=PUBLIC: an sshd for this key in the job's folder; the answer's header
 * `windfall-host-key` is the host key it has.
 */
export type TunnelRoute = "ports" | "ssh"
