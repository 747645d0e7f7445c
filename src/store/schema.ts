import type { Generated } from "kysely"
import type { HiveNetTables } from "./hive-net-tables.ts"
import type { ModelKeyTables } from "./model-key-tables.ts"
import type { ModelTables } from "./model-tables.ts"
import type { PullTables } from "./pull-tables.ts"

/**
 * The tables as Kysely sees them. Times are milliseconds since 1970 by the server's clock, `..._json` columns hold JSON
 * text, truth values are 0 and 1: what SQLite and PostgreSQL both can.
 */
export interface Schema extends ModelKeyTables, ModelTables, PullTables, HiveNetTables {
  readonly meta: { readonly key: string; readonly value: string }
  readonly users: { readonly name: string; readonly role: string; readonly created_at: number }
  /** Names are given once: a job, an event and a folder of blobs say by it whose they are. */
  readonly former_users: { readonly name: string; readonly removed_at: number }
  readonly tokens: {
    readonly id: string
    readonly user: string
    /** Of the whole token, in hex. The token itself is nowhere. */
    readonly sha256: string
    readonly created_at: number
    readonly expires_at: number | null
    /** `null`: its user's. It never gives more than that. */
    readonly role: string | null
  }
  /** One-time codes. */
  readonly codes: {
    readonly id: string
    readonly purpose: string
    /** Of the whole code, in hex. The code itself is nowhere. */
    readonly sha256: string
    /** The user, or whose Mac it is. */
    readonly about: string
    /** What else its purpose needs to know. */
    readonly detail_json: string
    readonly made_by: string
    readonly created_at: number
    readonly expires_at: number
    readonly used_at: number | null
  }
  readonly secrets: {
    readonly user: string
    readonly name: string
    /** Encrypted with the key that lies outside the data folder. */
    readonly sealed: Uint8Array
    readonly changed_at: number
  }
  readonly hosts: {
    readonly id: string
    readonly name: string
    readonly address: string
    readonly port: number | null
    readonly owner: string | null
    readonly fleet: string
    readonly labels_json: string
    readonly host_key: string
    readonly draining: number
    readonly created_at: number
    readonly facts_json: string | null
    readonly next_sequence: number
    /** `null`: nothing is left there. */
    readonly leftovers_json: string | null
    /** `null`: it stays. */
    readonly leaving_json: string | null
    /** `null`: as the host itself reckons. */
    readonly disk_limit_bytes: number | null
    /** The owner's account on the host. */
    readonly console_account: string | null
    /** `null`: nothing was ever said. */
    readonly lever_json: string | null
    /** When the line for a week was told last. */
    readonly week_told_at: number | null
    readonly machine: string | null
    /** `null`: nothing is known. */
    readonly network_json: string | null
  }
  readonly policies: {
    readonly version: number
    readonly text: string
    readonly applied_at: number
    readonly applied_by: string
  }
  /** What attempts held, and when. */
  readonly usage_intervals: {
    readonly attempt: string
    readonly job: number
    readonly user: string
    readonly account: string
    readonly qos: string
    readonly partition: string
    readonly model: string | null
    readonly host: string
    readonly host_name: string
    readonly lease_json: string
    readonly units: number
    readonly factor: number
    readonly owner: string | null
    readonly credit_account: string | null
    readonly credit: number
    readonly from_ms: number
    readonly to_ms: number | null
    readonly stops_json: string
  }
  /** What a period added to a leaf of the share tree, and what it has at the period's end. */
  readonly usage_charges: {
    readonly through_ms: number
    readonly leaf: string
    readonly charged_json: string
    readonly sum_json: string
    /** The moment's rows are those of all leaves. */
    readonly whole: number
  }
  readonly usage_rules: { readonly since_ms: number; readonly rules_json: string }
  readonly learned_weeks: { readonly host: string; readonly learns: number; readonly week_json: string | null }
  readonly bookings: { readonly name: string; readonly made_at: number; readonly booking_json: string }
  readonly fleet_policies: { readonly fleet: string; readonly preset: string; readonly rules_json: string }
  /** How attempts stepped aside for people at their hosts. */
  readonly step_asides: {
    readonly host: string
    readonly attempt: string
    readonly at: number
    /** `null`: it is stopped still. */
    readonly ended_at: number | null
    /** -1: nobody measured it. */
    readonly reaction_ms: number
    readonly vacated: number
  }
  /** The last measurement from one end to another: hosts' ids, or "server". */
  readonly network_measures: {
    readonly from_end: string
    readonly to_end: string
    readonly mbps: number
    readonly round_trip_ms: number
    readonly bytes: number
    readonly duration_ms: number
    readonly at: number
  }
  readonly jobs: {
    readonly id: number
    readonly user: string
    readonly name: string | null
    readonly state: string
    readonly spec_json: string
    readonly cause: string | null
    readonly exit_code: number | null
    readonly signal: number | null
    readonly verdict: string | null
    readonly reason: string | null
    readonly submitted_at: number
    readonly started_at: number | null
    readonly ended_at: number | null
    readonly outputs_json: string | null
    readonly stop_json: string | null
    /** `null`: no attempt was tried again. */
    readonly checkpoint_json: string | null
    /** `null`: nothing was said of its place in the queue after it was sent. */
    readonly standing_json: string | null
    /** Of jobs that are the same thing sent again; `null` in those of older releases. */
    readonly likeness: string | null
    /** `null`: the sender said how much memory, or nothing was learned from earlier runs. */
    readonly learned_json: string | null
    /** Of a task: its array, and which of it. Its spec is that of the array then, and `spec_json` is "". */
    readonly array_job: number | null
    readonly array_index: number | null
    /** Of an array: its indices, and what became of them. */
    readonly array_tasks: string | null
    readonly array_json: string | null
    /** Of an array: the highest number that is kept for its tasks. */
    readonly last_id: number | null
  }
  readonly attempts: {
    readonly id: string
    readonly job: number
    readonly number: number
    readonly host: string
    readonly host_name: string
    readonly sequence: number
    readonly state: string
    readonly lease_json: string
    readonly placed_at: number
    readonly started_at: number | null
    readonly ended_at: number | null
    readonly out_of_contact_since: number | null
    readonly cause: string | null
    readonly exit_code: number | null
    readonly signal: number | null
    readonly message: string | null
    readonly peak_memory_bytes: number | null
    readonly stdout_bytes: number | null
    readonly stderr_bytes: number | null
    readonly swept: number
    readonly fenced: number
    readonly on_host: number
    readonly log_complete: number
    /** `null`: its host did not sleep while it ran, as far as is known. */
    readonly sleeps_json: string | null
    /** Since when and why it is stopped for the sake of people there; `null` when it is not. */
    readonly suspended_json: string | null
    /** For how long it was stopped before that, in all. */
    readonly suspended_ms: number
    /** Which member it is of an attempt on several hosts, and how far it is; `null` for one on one host. */
    readonly member_json: string | null
  }
  /** Attempts that ended with the crash of their host. */
  readonly crashes: {
    readonly attempt: string
    /** The job's. */
    readonly likeness: string
    readonly host: string
    readonly at: number
  }
  /** A name that was removed stays, without versions and places: its version numbers are never given again. */
  readonly data: {
    readonly name: string
    readonly user: string
    readonly shared: number
    readonly created_at: number
    readonly last_version: number
    readonly removed_at: number | null
  }
  readonly data_versions: {
    readonly name: string
    readonly version: number
    readonly root: string
    readonly files: number
    readonly bytes: number
    readonly added_at: number
  }
  readonly data_uses: {
    readonly name: string
    readonly used_at: number
  }
  readonly data_places: {
    readonly name: string
    readonly host: string
    readonly path: string
    readonly proved_at: number
    /** Why it could not be used when it was looked at last; `null` when it could. */
    readonly problem: string | null
    readonly writable: number
  }
  readonly events: {
    readonly sequence: Generated<number>
    readonly at: number
    readonly actor: string
    readonly job: number | null
    readonly body_json: string
  }
  readonly notify_targets: {
    readonly id: string
    readonly user: string
    readonly kind: string
    /** Address and signing secret, encrypted with the key that lies outside the data folder. */
    readonly sealed: Uint8Array
    /** Told of all the user's jobs that say nothing else. */
    readonly is_default: number
    /** Some job named it: it stays when it is no default any more. */
    readonly by_job: number
    readonly on_json: string
    readonly created_at: number
    /** Not to be tried before. */
    readonly next_at: number
    readonly failures: number
    readonly dropped: number
    readonly delivered_at: number | null
    readonly failing_since: number | null
    readonly problem: string | null
  }
  readonly notify_outbox: {
    /** The order of messages to a target. */
    readonly sequence: Generated<number>
    /** Told with each try, so that who gets a message twice can see that. */
    readonly id: string
    readonly target: string
    readonly facts_json: string
    readonly created_at: number
  }
  /** What of an unfinished job was told and is told only once. */
  readonly notify_told: { readonly job: number; readonly what: string }
  readonly idempotency: {
    readonly user: string
    readonly key: string
    /** The route and the body asked, so that the same key with another question is refused. */
    readonly asked_sha256: string
    readonly status: number
    readonly answer: Uint8Array
    readonly at: number
  }
}
