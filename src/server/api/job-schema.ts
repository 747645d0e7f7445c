/** A job as it comes in over the API, checked: shapes, sizes, characters. */
import * as z from "zod"
import {
  ENVIRONMENT_KINDS,
  MAX_ENVIRONMENT_ENTRIES,
  packageProblem,
  pythonProblem,
} from "../../protocol/environment.ts"
import { gangProblem, MOST_GANG_HOSTS, ON_MEMBER_FAILURE, OUTPUTS_FROM } from "../../protocol/gang.ts"
import { isId } from "../../protocol/ids.ts"
import { DEFAULT_SPEC, DEFAULT_TERMINAL } from "../../protocol/job.ts"
import { MAX_ARRAY_CHARACTERS, MAX_ARRAY_INDEX, MAX_ARRAY_TASKS } from "../../protocol/job-array.ts"
import { dataNameProblem, dataPathProblem, MAX_JOB_DATA, overlapProblem } from "../../protocol/job-data.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import { DEFAULT_NOTIFY_ON, MOST_JOB_TARGETS, NOTIFY_MS, NOTIFY_REASONS } from "../../protocol/notify.ts"
import { readTarget } from "../../protocol/notify-target.ts"
import { globCharacters, MAX_GLOB_CHARACTERS, outputProblem } from "../../protocol/output-globs.ts"
import { MOST_WARNING_MS, WARNING_SIGNALS } from "../../protocol/warning-signal.ts"
import { readArrayTasks } from "../../scheduler/request/array-tasks.ts"
import { queueRequest } from "./queue-schemas.ts"
import { count, hash, label, relativePath, signal, text, variable, within } from "./schema-parts.ts"

/** Environment variables of a job together: more does not fit through an exec on every system. */
const MAX_ENV_BYTES = 256 * 1024
const MAX_COMMAND_BYTES = 128 * 1024
/** Linux: a word of a command or a NAME=value, without the NUL that ends it (MAX_ARG_STRLEN, include/uapi/linux/binfmts.h). */
const MAX_WORD_BYTES = 128 * 1024 - 1

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
  memoryBytes: z.int().min(1).nullable().default(DEFAULT_SPEC.resources.memoryBytes),
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

export const notifyOn = z.strictObject({
  reasons: z.array(z.enum(NOTIFY_REASONS)).max(NOTIFY_REASONS.length),
  stalledMs: within(NOTIFY_MS).default(DEFAULT_NOTIFY_ON.stalledMs),
  waitingMs: within(NOTIFY_MS).default(DEFAULT_NOTIFY_ON.waitingMs),
})
export const notifyTarget = z.string().superRefine((typed, context) => {
  try {
    if (!isId("n", typed)) readTarget(typed)
  } catch (error) {
    context.addIssue({ code: "custom", message: `is no target: ${(error as SyntaxError).message}` })
  }
})
const notify = z.strictObject({
  targets: z.array(notifyTarget).max(MOST_JOB_TARGETS).nullable().default(null),
  on: notifyOn.nullable().default(null),
})
const dataName = z.string().superRefine((name, context) => {
  const problem = dataNameProblem(name)
  if (problem !== null) context.addIssue({ code: "custom", message: `cannot name data: ${problem}` })
})
const dataPath = text(1024).superRefine((path, context) => {
  const problem = dataPathProblem(path)
  if (problem !== null) context.addIssue({ code: "custom", message: `cannot be where data is seen: ${problem}` })
})
const data = z
  .array(
    z.strictObject({
      name: dataName,
      path: dataPath,
      version: z.int().min(1).nullable().default(null),
      root: hash.nullable().default(null),
      bytes: count.default(0),
    }),
  )
  .max(MAX_JOB_DATA)
  .refine((list) => overlapProblem(list) === null, "must not lie in one another")
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

const arrayTasks = text(MAX_ARRAY_CHARACTERS).superRefine((value, context) => {
  try {
    readArrayTasks(value, { maxIndex: MAX_ARRAY_INDEX, maxTasks: MAX_ARRAY_TASKS })
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as SyntaxError).message })
  }
})

const warning = z.strictObject({
  signal: z.enum(WARNING_SIGNALS),
  beforeMs: count.min(1).max(MOST_WARNING_MS),
  commandOnly: z.boolean().default(false),
})

/** What is left out is as `send` has it when nothing is said. */
export const jobSpec = z
  .strictObject({
    kind: z.enum(["task", "session"]).default("task"),
    name: label.nullable().default(DEFAULT_SPEC.name),
    command,
    env: env.default({ ...DEFAULT_SPEC.env }),
    secrets: z
      .array(variable)
      .max(100)
      .default([...DEFAULT_SPEC.secrets]),
    workspace: hash.nullable().default(DEFAULT_SPEC.workspace),
    workspaceBytes: count.optional(),
    workingFolder: relativePath.default(DEFAULT_SPEC.workingFolder),
    resources: resources.default(DEFAULT_SPEC.resources),
    timeLimitMs: within(JOB_FIELDS.time).nullable().default(DEFAULT_SPEC.timeLimitMs),
    graceMs: within(JOB_FIELDS.grace).default(DEFAULT_SPEC.graceMs),
    stopSignal: signal.default(DEFAULT_SPEC.stopSignal),
    warning: warning.optional(),
    host: text(255).min(1).nullable().default(DEFAULT_SPEC.host),
    partition: label.default(DEFAULT_SPEC.partition),
    outputs: outputs.nullable().default(null),
    checkpoint: outputs.nullable().default(null),
    retry: retry.default(DEFAULT_SPEC.retry),
    stdin: hash.nullable().default(DEFAULT_SPEC.stdin),
    pty: pty.nullable().default(DEFAULT_SPEC.pty),
    needsLan: z.boolean().default(DEFAULT_SPEC.needsLan),
    notify: notify.nullable().default(null),
    data: data.default([]),
    git: git.nullable().default(DEFAULT_SPEC.git),
    environment: environment.nullable().default(null),
    queue: queueRequest.optional(),
    array: arrayTasks.optional(),
    gang: z
      .strictObject({
        hosts: z.int().min(2).max(MOST_GANG_HOSTS),
        onMemberFailure: z.enum(ON_MEMBER_FAILURE).default("end"),
        outputsFrom: z.enum(OUTPUTS_FROM).default("main"),
      })
      .optional(),
    project: z
      .string()
      .regex(/^[0-9a-f]{16}$/, "must be 16 hexadecimal digits")
      .optional(),
  })
  // A session without a terminal would end as soon as its shell reads.
  .overwrite((spec) => (spec.kind === "session" && spec.pty === null ? { ...spec, pty: DEFAULT_TERMINAL } : spec))
  .superRefine((spec, context) => {
    if (spec.kind === "task" && !spec.command[0]) {
      context.addIssue({ code: "custom", path: ["command"], message: "must name what to run" })
    }
    const problem = gangProblem(spec)
    if (problem !== null) context.addIssue({ code: "custom", path: ["gang"], message: `cannot be: ${problem}` })
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
