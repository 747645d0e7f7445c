import * as z from "zod"
import type { JobHints, JobList, LogGap, OutputList, SubmitBatchAnswer, WhyAnswer } from "../../../protocol/api.ts"
import type { JobCheckpoint } from "../../../protocol/checkpoint.ts"
import { ENVIRONMENT_KINDS } from "../../../protocol/environment.ts"
import { ON_MEMBER_FAILURE, OUTPUTS_FROM } from "../../../protocol/gang.ts"
import type { AttemptUsage, AttemptView, JobSpec, JobView, OutputsView } from "../../../protocol/job.ts"
import { CAUSES, JOB_STATES } from "../../../protocol/job-state.ts"
import { answer, count, type Describes, hash, time } from "./answer.ts"
import { arrayAnswer, task } from "./array-answers.ts"
import { hiveNetwork } from "./hive-network-answer.ts"
import { notifyOn } from "./notify-answers.ts"
import { ahead, expected, priorityView } from "./order-answers.ts"
import { queueAsked, standing } from "./standing-answers.ts"

export const jobState = z.enum(JOB_STATES)
export const cause = z.enum(CAUSES).nullable().describe("Why it ended; null as long as it has not")
const exitCode = z.int().nullable()
const signal = z.int().nullable().describe("The number of the signal that ended it")

const spec = answer(
  "JobSpec",
  "All that was said about a job. Others than its sender and administrators see the command's first word alone",
  z.object({
    kind: z.enum(["task", "session", "hive"]).describe("hive: a model that is served"),
    name: z.string().nullable(),
    command: z.array(z.string()).describe("Run without a shell; empty for a session's login shell"),
    env: z.record(z.string(), z.string()),
    secrets: z.array(z.string()).describe("Names of stored secrets"),
    workspace: hash.nullable().describe("The tree of what was sent; null for an empty folder"),
    workspaceBytes: count.optional().describe("What its files take, where that is much"),
    workingFolder: z.string(),
    resources: z.object({
      memoryBytes: count
        .nullable()
        .describe(
          "null: what earlier runs needed is leased, at least 512 MiB, and it may hold more while the host has enough",
        ),
      gpus: count.nullable().describe("null: one where the host has one"),
      cores: count,
    }),
    timeLimitMs: count.nullable(),
    graceMs: count.describe("From the stop signal to SIGKILL"),
    stopSignal: z.string(),
    warning: z
      .object({ signal: z.string(), beforeMs: count, commandOnly: z.boolean() })
      .optional()
      .describe("What it is told before its time limit; absent where nothing"),
    host: z.string().nullable().describe("The host it must run on"),
    partition: z.string(),
    outputs: z.array(z.string()).nullable().describe("Globs of what comes home; null: what the job made or changed"),
    checkpoint: z
      .array(z.string())
      .nullable()
      .describe("Globs of what an attempt that is tried again leaves to the next; null: what comes home"),
    retry: z.object({ limit: count, afterSilenceMs: count.nullable(), once: z.boolean() }),
    stdin: hash.nullable(),
    pty: z.object({ columns: count, rows: count, term: z.string() }).nullable(),
    needsLan: z.boolean(),
    notify: z
      .object({
        targets: z.array(z.string()).nullable().describe("Ids of the sender's targets; null: the sender's defaults"),
        on: notifyOn.nullable(),
      })
      .nullable(),
    data: z
      .array(
        z.object({
          name: z.string(),
          path: z.string().describe("Where in the job's folder it is seen"),
          version: count.nullable().describe("null for data that only hosts have"),
          root: hash.nullable(),
          bytes: count,
        }),
      )
      .describe("Stored data the job sees"),
    git: z.object({ commit: z.string(), branch: z.string().nullable(), dirtyDiff: z.string() }).nullable(),
    queue: queueAsked.optional(),
    array: z.string().optional().describe("The tasks of an array, as 1-100%8; absent where it is none"),
    gang: z
      .object({
        hosts: count,
        onMemberFailure: z.enum(ON_MEMBER_FAILURE),
        outputsFrom: z.enum(OUTPUTS_FROM),
        members: z
          .array(z.object({ host: z.string(), memoryBytes: count, hasData: z.boolean().optional() }))
          .optional()
          .describe("By rank, on which hosts it must run and what it holds there: of hives only"),
        network: hiveNetwork.optional(),
      })
      .optional()
      .describe("On how many hosts it runs at once; absent for one"),
    project: z.string().optional().describe("Tells the sender's folder from others; absent where nothing travels"),
    environment: z
      .object({
        kind: z.enum(ENVIRONMENT_KINDS),
        files: z.array(z.string()),
        python: z.string().nullable(),
        with: z.array(z.string()),
        setup: z.array(z.string()),
      })
      .nullish()
      .describe("The Python environment it runs in; null for none, absent in jobs of older releases"),
  }),
)

export const usage = answer(
  "Usage",
  "What an attempt used when its host last looked",
  z.object({
    at: time,
    memoryBytes: count,
    processes: count,
    cpuPercent: z.number().nullable().describe("Of one core, since the look before"),
  }),
)

const attempt = answer(
  "Attempt",
  "One try of a job on a host",
  z.object({
    id: z.string(),
    number: count.describe("1 for the first try"),
    rank: count.optional().describe("Which member of the attempt it is, from 0, where that is on several hosts"),
    link: z.string().optional().describe("How the hosts of all its members are linked, in words"),
    hostId: z.string(),
    hostName: z.string(),
    state: z.enum(["starting", "running", "suspended", "finishing", "ended"]),
    outOfContactSince: time.nullable().describe("Since when its host has not been heard of; null when it is"),
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    cause,
    exitCode,
    signal,
    message: z.string().nullable().describe("What went wrong, in words"),
    peakMemoryBytes: count.nullable(),
    usage: usage.optional(),
    stdoutBytes: count.describe("Recorded so far"),
    stderrBytes: count.describe("Recorded so far"),
    suspended: z
      .object({ since: time, code: z.string(), text: z.string() })
      .nullable()
      .describe("Since when and why all of it is stopped for the sake of people at its host; null when it is not"),
    suspendedMs: count.describe("For how long it was stopped before that, in all"),
    logEnd: z.literal("unknown").optional().describe("The log may lack its end"),
    sleeps: z
      .array(z.object({ from: time, to: time }))
      .optional()
      .describe("When its host slept while it ran, by that host's clock; absent where it did not"),
  }),
)

const outputs = answer(
  "OutputsState",
  "What became of a job's files on their way home",
  z.object({
    state: z.enum(["collecting", "ready", "none", "lost", "expired"]),
    tree: hash.nullable().describe("The tree of the outputs; null unless ready"),
    files: count,
    bytes: count,
    problem: z.string().optional().describe("Why some or all could not come"),
    unmatched: z.array(z.string()).optional().describe("Globs of the job that matched nothing at its end"),
    late: z.literal(true).optional().describe("Their host still has them, and they may come after all"),
  }),
)

const checkpoint = answer(
  "Checkpoint",
  "What an earlier attempt left to the next; absent where none was tried again",
  z.object({
    kept: z
      .object({ attempt: count.describe("Who wrote it"), tree: hash, files: count, bytes: count })
      .nullable()
      .describe("What the next attempt begins with besides what was sent"),
    awaited: z
      .object({ attempt: count, until: time })
      .nullable()
      .describe("An ended attempt whose files may still come, and until when the job waits for them"),
    problem: z.string().nullable().describe("Why some or all of what was written last is not in it"),
  }),
)

export const job = answer(
  "Job",
  "A job and its attempts",
  z.object({
    id: count,
    user: z.string(),
    spec,
    state: jobState,
    cause,
    exitCode,
    signal,
    reason: z.string().nullable().describe("Why it waits or what ended it, in one sentence"),
    place: count.nullable().describe("Its place in the queue from 1, while queued"),
    submittedAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    attempts: z.array(attempt),
    outputs: outputs.nullable(),
    checkpoint: checkpoint.optional(),
    standing: standing.optional(),
    learned: z
      .object({ peakBytes: count, runs: count, leaseBytes: count })
      .optional()
      .describe("What earlier runs held, and what is leased by that, where the sender did not say"),
    array: arrayAnswer.optional(),
    task,
  }),
)

export const changedJob = answer(
  "ChangedJob",
  "A job that was changed",
  job.extend({
    notices: z.array(z.string()).optional().describe("What there is to know of that, such as bookings it may run into"),
  }),
)

export const jobList = answer("JobList", "Jobs, newest first", z.object({ jobs: z.array(job) }))
export const jobIds = answer("JobIds", "The new jobs, in the order sent", z.object({ jobs: z.array(count) }))

/** What keeps a job off each host, or that it has room. */
export const whyHosts = z.array(
  z.object({
    host: z.string(),
    name: z.string(),
    code: z.string(),
    text: z.string(),
    until: time.nullable().describe("When what is in the way ends by itself, as far as that is known"),
  }),
)

export const why = answer(
  "Why",
  "Why a job waits, host by host; no hosts when it does not wait",
  z.object({
    at: time.optional().describe("When it was said, by the server's clock"),
    job: count,
    summary: z.string(),
    code: z.string().describe("Stable, for scripts"),
    place: count.nullable(),
    hosts: whyHosts,
    priority: priorityView.optional(),
    ahead: ahead.optional(),
    expected: expected.optional(),
    sooner: z.array(z.string()).optional().describe("What would make it start now, in words"),
  }),
)

export const hints = answer(
  "Hints",
  "What is known about why a job failed, the most telling first",
  z.object({
    hints: z.array(
      z.object({
        code: z.string().describe("Stable, for scripts"),
        meaning: z.string(),
        fix: z.string().describe("A line to type, or else what to do"),
      }),
    ),
  }),
)

export const outputList = answer(
  "Outputs",
  "The files a job made, as kept on the server",
  z.object({
    tree: hash.nullable(),
    files: z.array(z.object({ path: z.string(), bytes: count, hash, mode: count })),
    lost: z.array(z.string()).describe('Paths that are damaged or gone on the server; "" for the list itself'),
  }),
)

const logGap = answer(
  "LogGap",
  "In frames of output: bytes of a stream that were not kept",
  z.object({ gap: z.object({ stream: z.enum(["stdout", "stderr"]), from: count, to: count.describe("Exclusive") }) }),
)

export const JOB_ANSWERS_AGREE: readonly [
  Describes<typeof spec, JobSpec>,
  Describes<typeof usage, AttemptUsage>,
  Describes<typeof attempt, AttemptView>,
  Describes<typeof outputs, OutputsView>,
  Describes<typeof checkpoint, JobCheckpoint>,
  Describes<typeof job, JobView>,
  Describes<typeof jobList, JobList>,
  Describes<typeof jobIds, SubmitBatchAnswer>,
  Describes<typeof why, WhyAnswer>,
  Describes<typeof outputList, OutputList>,
  Describes<typeof logGap, LogGap>,
  Describes<typeof hints, JobHints>,
] = [true, true, true, true, true, true, true, true, true, true, true, true]
