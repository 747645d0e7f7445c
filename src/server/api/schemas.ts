/** What comes in over the API, checked: shapes, sizes, characters. The types are those of protocol/; see {@link Same}. */
import * as z from "zod"
import { CODE_LIFE_MS, type HostAddRequest, type StopRequest, TOKEN_LIFE_MS } from "../../protocol/api.ts"
import { MIN_DISK_LIMIT_BYTES } from "../../protocol/host-disk.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import type { LendRequest, MacInviteRequest } from "../../protocol/lending.ts"
import { MOST_JOB_TARGETS } from "../../protocol/notify.ts"
import { jobSpec, notifyOn, notifyTarget } from "./job-schema.ts"
import { accountName } from "./owner-schemas.ts"
import { count, hash, label, signal, text, within } from "./schema-parts.ts"

export const submitRequest = z.strictObject({ spec: jobSpec })
export const submitBatchRequest = z.strictObject({ specs: z.array(jobSpec).min(1).max(10_000) })
export const stopRequest = z.strictObject({
  now: z.boolean(),
  signal: signal.optional(),
  graceMs: within(JOB_FIELDS.grace).optional(),
})
export const notifyRequest = z.strictObject({
  targets: z.array(notifyTarget).min(1).max(MOST_JOB_TARGETS),
  on: notifyOn.nullable().default(null),
})
const shared = z.boolean().nullable().default(null)
export const dataVersionRequest = z.strictObject({ root: hash, shared })
export const dataPlaceRequest = z.strictObject({
  host: text(255).min(1),
  path: text(4096).min(1),
  shared,
  writable: z.boolean().default(false),
})
export const hashesRequest = z.strictObject({ hashes: z.array(hash).max(100_000) })
export const empty = z.strictObject({}).optional()

const port = z.int().min(1).max(65_535).nullable()
const address = text(512).min(1)
export const hostScanRequest = z.strictObject({ address, port, name: label.nullable().default(null) })
const hostLabels = z.record(z.string().regex(/^[A-Za-z0-9._/-]{1,63}$/), text(255))
export const hostAddRequest = z.strictObject({
  address,
  port,
  name: label.nullable(),
  owner: text(64).nullable(),
  fleet: label.nullable(),
  labels: hostLabels,
  hostKey: text(16_384),
  takeOver: z.boolean(),
  consoleAccount: accountName.nullable().default(null),
  accountOfOwner: z.boolean().default(false),
})
export const hostLeaveRequest = z.strictObject({ now: z.boolean().default(false) })
export const hostRekeyRequest = z.strictObject({ hostKey: text(16_384).min(1) })
export const hostDiskRequest = z.strictObject({ limitBytes: z.int().min(MIN_DISK_LIMIT_BYTES).nullable() })

const role = z.enum(["user", "admin"])
export const addUserRequest = z.strictObject({ name: z.string().max(64), role })
export const createTokenRequest = z.strictObject({
  user: z.string().max(64),
  role: role.nullable().default(null),
  expiresInMs: within(TOKEN_LIFE_MS).nullable().default(null),
})
export const userInviteRequest = z.strictObject({
  user: z.string().max(64),
  role: role.nullable().default(null),
  expiresInMs: within(CODE_LIFE_MS).default(CODE_LIFE_MS.default),
})
export const macInviteRequest = z.strictObject({
  owner: text(64).min(1).nullable().default(null),
  name: label.nullable().default(null),
  fleet: label.nullable().default(null),
  labels: hostLabels.default({}),
  expiresInMs: within(CODE_LIFE_MS).default(CODE_LIFE_MS.default),
})
export const lendLookRequest = z.strictObject({ code: text(200) })
export const lendRequest = z.strictObject({
  code: text(200),
  user: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, "must be the name of an account"),
  hostKey: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]{16,200}={0,2}$/, "must be an ed25519 host key"),
  name: z
    .union([label, z.literal("")])
    .default("")
    .transform((name) => (name === "" ? null : name)),
  consoleAccount: z
    .union([accountName, z.literal("")])
    .default("")
    .transform((name) => (name === "" ? null : name)),
  accountOfOwner: z.boolean().default(false),
})
export const loginRequest = z.strictObject({ code: text(200) })
export const secretRequest = z.strictObject({ value: text(64 * 1024).min(1) })

/** A number that comes in a query string. */
const queryCount = z.coerce.number().pipe(count)
export const queryFlag = z.enum(["true", "false"]).transform((value) => value === "true")
export const removeDataQuery = z.object({ force: queryFlag.default(false) })
export const listJobsQuery = z.object({
  user: z.string().max(64).optional(),
  state: z.string().max(200).optional(),
  name: z.string().max(64).optional(),
  before: queryCount.optional(),
  array: queryCount.optional(),
  limit: queryCount.pipe(z.int().min(1).max(10_000)).default(100),
})
/** `brief`: without expected start and what would make it start sooner, which take more plans than one. */
export const whyQuery = z.object({ brief: queryFlag.default(false) })
/** `limit=0`: only what runs. */
export const queueQuery = z.object({
  limit: queryCount.pipe(z.int().min(0).max(1_000)).default(20),
})
export const logsQuery = z
  .object({
    attempt: queryCount.pipe(z.int().min(1)).optional(),
    rank: queryCount.optional(),
    stream: z.enum(["stdout", "stderr", "all"]).default("all"),
    follow: queryFlag.default(false),
    from: queryCount.optional(),
    fromStdout: queryCount.optional(),
    fromStderr: queryCount.optional(),
    since: queryCount.optional(),
    tail: queryCount.optional(),
    tailOf: z.enum(["stdout", "stderr"]).optional(),
  })
  .superRefine(({ stream, from, fromStdout, fromStderr, tail, tailOf }, context) => {
    const refuse = (name: string, message: string) => context.addIssue({ code: "custom", path: [name], message })
    if (from !== undefined && stream === "all") refuse("from", "is an offset in one stream: say which")
    if (fromStdout !== undefined && stream === "stderr") refuse("fromStdout", "is of a stream that was not asked for")
    if (fromStderr !== undefined && stream === "stdout") refuse("fromStderr", "is of a stream that was not asked for")
    if (tailOf !== undefined && tail === undefined) refuse("tailOf", "needs tail")
    if (tailOf !== undefined && stream !== "all") refuse("tailOf", "is only for both streams together")
  })
export const jobEventsQuery = z.object({ noticesAfter: queryCount.optional() })
export const eventsQuery = z
  .object({
    after: queryCount.default(0),
    follow: queryFlag.default(false),
    limit: queryCount.pipe(z.int().min(1).max(100_000)).optional(),
    job: queryCount.optional(),
  })
  .superRefine(({ follow, limit }, context) => {
    if (!follow || limit === undefined) return
    context.addIssue({ code: "custom", path: ["limit"], message: "has no meaning with follow=true" })
  })

/** Fails to compile when a schema and the type it stands for drift apart. */
type Same<A, B> = [A] extends [B] ? true : never
export const SCHEMAS_AGREE: readonly [
  Same<z.output<typeof jobSpec>, JobSpec>,
  Same<keyof JobSpec, keyof z.output<typeof jobSpec>>,
  Same<z.output<typeof hostAddRequest>, HostAddRequest>,
  Same<z.output<typeof macInviteRequest>, MacInviteRequest>,
  Same<z.output<typeof lendRequest>, LendRequest>,
  Same<z.output<typeof stopRequest>, { now: boolean; signal?: string | undefined; graceMs?: number | undefined }>,
  Same<StopRequest, z.output<typeof stopRequest>>,
] = [true, true, true, true, true, true, true]
