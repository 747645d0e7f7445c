/** What comes in over the API, checked: shapes, sizes, characters. The types are those of protocol/; see {@link Same}. */
import * as z from "zod"
import { type HostAddRequest, type StopRequest, TOKEN_LIFE_MS } from "../../protocol/api.ts"
import {
  ENVIRONMENT_KINDS,
  MAX_ENVIRONMENT_ENTRIES,
  packageProblem,
  pythonProblem,
} from "../../protocol/environment.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { DEFAULT_SPEC, DEFAULT_TERMINAL, type JobSpec } from "../../protocol/job.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import { STOP_SIGNALS, variableNameProblem } from "../../protocol/job-values.ts"
import { globCharacters, MAX_GLOB_CHARACTERS, outputProblem } from "../../protocol/output-globs.ts"

/** Environment variables of a job together: more does not fit through an exec on every system. */
const MAX_ENV_BYTES = 256 * 1024
const MAX_COMMAND_BYTES = 128 * 1024
/** Linux: a word of a command or a NAME=value, without the NUL that ends it (MAX_ARG_STRLEN, include/uapi/linux/binfmts.h). */
const MAX_WORD_BYTES = 128 * 1024 - 1

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes("\0"), "must not contain NUL bytes")
    .refine((value) => value.isWellFormed(), "must not contain half a surrogate pair")
const count = z.int().min(0)
const within = ({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }) =>
  z.int().min(minimum).max(maximum)
export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be a sha256 in lower-case hex")
  .transform((value) => value as BlobHash)
const variable = z.string().superRefine((name, context) => {
  const problem = variableNameProblem(name)
  if (problem !== null) context.addIssue({ code: "custom", message: `cannot be a variable of a job: ${problem}` })
})
const label = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be up to 63 letters, digits, dots, dashes")
const signal = z
  .string()
  .refine((name) => (STOP_SIGNALS as readonly string[]).includes(name), `must be one of ${STOP_SIGNALS.join(", ")}`)
const relativePath = text(4096).refine(
  (path) => path === "" || !path.split("/").some((part) => part === "" || part === "." || part === ".."),
  "must be a relative path inside the workspace",
)

const outputGlob = text(4096)
  .min(1)
  .refine((glob) => outputProblem(glob) === null, "must be a path or glob inside the workspace")
const outputs = z
  .array(outputGlob)
  .max(1000)
  .refine(
    (globs) => globCharacters(globs) <= MAX_GLOB_CHARACTERS,
    `may have ${MAX_GLOB_CHARACTERS} characters of globs at most`,
  )

const env = z.record(variable, text(MAX_ENV_BYTES)).superRefine((value, context) => {
  let bytes = 0
  for (const [name, setting] of Object.entries(value)) {
    const length = name.length + Buffer.byteLength(setting) + 1
    bytes += length + 1
    if (length <= MAX_WORD_BYTES) continue
    const message = `is ${length} bytes long with its name; Linux takes at most ${MAX_WORD_BYTES}`
    context.addIssue({ code: "custom", path: [name], message })
  }
  if (bytes > MAX_ENV_BYTES) {
    context.addIssue({
      code: "custom",
      message: `is ${bytes} bytes long; at most ${MAX_ENV_BYTES} can be given to a job`,
    })
  }
})

const command = z
  .array(text(MAX_COMMAND_BYTES))
  .max(10_000)
  .refine(
    (words) => words.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0) <= MAX_COMMAND_BYTES,
    `may have ${MAX_COMMAND_BYTES} bytes at most`,
  )

const resources = z.strictObject({
  memoryBytes: z.int().min(1).default(DEFAULT_SPEC.resources.memoryBytes),
  gpus: z.int().min(0).max(64).nullable().default(DEFAULT_SPEC.resources.gpus),
  cores: z.int().min(1).max(4096).default(DEFAULT_SPEC.resources.cores),
})
const retry = z.strictObject({
  limit: within(JOB_FIELDS.retry).default(DEFAULT_SPEC.retry.limit),
  afterSilenceMs: within(JOB_FIELDS["retry-after-silence"]).nullable().default(DEFAULT_SPEC.retry.afterSilenceMs),
  once: z.boolean().default(DEFAULT_SPEC.retry.once),
})
const side = z.int().min(1).max(10_000)
const pty = z.strictObject({ columns: side, rows: side, term: text(64).min(1) })
const git = z.strictObject({ commit: text(128), branch: text(1024).nullable(), dirtyDiff: text(300 * 1024) })

const asking = (problemOf: (text: string) => string | null) =>
  text(4096).superRefine((value, context) => {
    const message = problemOf(value)
    if (message !== null) context.addIssue({ code: "custom", message })
  })
const environment = z.strictObject({
  kind: z.enum(ENVIRONMENT_KINDS),
  files: z.array(relativePath.min(1)).max(MAX_ENVIRONMENT_ENTRIES).default([]),
  python: asking(pythonProblem).nullable().default(null),
  with: z.array(asking(packageProblem)).max(MAX_ENVIRONMENT_ENTRIES).default([]),
  setup: z.array(text(4096).min(1)).max(MAX_ENVIRONMENT_ENTRIES).default([]),
})

/** What is left out is as `send` has it when nothing is said. */
export const jobSpec = z
  .strictObject({
    kind: z.enum(["task", "session"]).default(DEFAULT_SPEC.kind),
    name: label.nullable().default(DEFAULT_SPEC.name),
    command,
    env: env.default({ ...DEFAULT_SPEC.env }),
    secrets: z
      .array(variable)
      .max(100)
      .default([...DEFAULT_SPEC.secrets]),
    workspace: hash.nullable().default(DEFAULT_SPEC.workspace),
    workingFolder: relativePath.default(DEFAULT_SPEC.workingFolder),
    resources: resources.default(DEFAULT_SPEC.resources),
    timeLimitMs: within(JOB_FIELDS.time).nullable().default(DEFAULT_SPEC.timeLimitMs),
    graceMs: within(JOB_FIELDS.grace).default(DEFAULT_SPEC.graceMs),
    stopSignal: signal.default(DEFAULT_SPEC.stopSignal),
    host: text(255).min(1).nullable().default(DEFAULT_SPEC.host),
    partition: label.default(DEFAULT_SPEC.partition),
    outputs: outputs.nullable().default(null),
    retry: retry.default(DEFAULT_SPEC.retry),
    stdin: hash.nullable().default(DEFAULT_SPEC.stdin),
    pty: pty.nullable().default(DEFAULT_SPEC.pty),
    needsLan: z.boolean().default(DEFAULT_SPEC.needsLan),
    git: git.nullable().default(DEFAULT_SPEC.git),
    environment: environment.nullable().default(null),
  })
  // A session without a terminal would end as soon as its shell reads.
  .overwrite((spec) => (spec.kind === "session" && spec.pty === null ? { ...spec, pty: DEFAULT_TERMINAL } : spec))
  .superRefine((spec, context) => {
    if (spec.kind === "task" && !spec.command[0]) {
      context.addIssue({ code: "custom", path: ["command"], message: "must name what to run" })
    }
    for (const name of spec.secrets) {
      if (Object.hasOwn(spec.env, name)) {
        context.addIssue({
          code: "custom",
          path: ["secrets"],
          message: `cannot have ${name}, which "spec.env" gives a value too`,
        })
      }
    }
  })

export const submitRequest = z.strictObject({ spec: jobSpec })
export const submitBatchRequest = z.strictObject({ specs: z.array(jobSpec).min(1).max(10_000) })
export const stopRequest = z.strictObject({
  now: z.boolean(),
  signal: signal.optional(),
  graceMs: within(JOB_FIELDS.grace).optional(),
})
export const hashesRequest = z.strictObject({ hashes: z.array(hash).max(100_000) })
export const empty = z.strictObject({}).optional()

const port = z.int().min(1).max(65_535).nullable()
const address = text(512).min(1)
export const hostScanRequest = z.strictObject({ address, port, name: label.nullable().default(null) })
export const hostAddRequest = z.strictObject({
  address,
  port,
  name: label.nullable(),
  owner: text(64).nullable(),
  fleet: label.nullable(),
  labels: z.record(z.string().regex(/^[A-Za-z0-9._/-]{1,63}$/), text(255)),
  hostKey: text(16_384),
  takeOver: z.boolean(),
})
export const hostRekeyRequest = z.strictObject({ hostKey: text(16_384).min(1) })

const role = z.enum(["user", "admin"])
export const addUserRequest = z.strictObject({ name: z.string().max(64), role })
export const createTokenRequest = z.strictObject({
  user: z.string().max(64),
  role: role.nullable().default(null),
  expiresInMs: within(TOKEN_LIFE_MS).nullable().default(null),
})
export const secretRequest = z.strictObject({ value: text(64 * 1024).min(1) })

/** A number that comes in a query string. */
const queryCount = z.coerce.number().pipe(count)
const queryFlag = z.enum(["true", "false"]).transform((value) => value === "true")
export const listJobsQuery = z.object({
  user: z.string().max(64).optional(),
  state: z.string().max(200).optional(),
  name: z.string().max(64).optional(),
  before: queryCount.optional(),
  limit: queryCount.pipe(z.int().min(1).max(10_000)).default(100),
})
export const logsQuery = z
  .object({
    attempt: queryCount.pipe(z.int().min(1)).optional(),
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
  Same<z.output<typeof stopRequest>, { now: boolean; signal?: string | undefined; graceMs?: number | undefined }>,
  Same<StopRequest, z.output<typeof stopRequest>>,
] = [true, true, true, true, true]
