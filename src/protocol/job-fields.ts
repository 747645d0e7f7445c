/**
 * Everything a sender can say about a job, as one table. The flags of `send`, the keys of a job file, the published JSON
 * schema and the documentation are all made from it, so that they cannot disagree.
 */

import { GANG_FIELDS } from "./gang-fields.ts"
import { QUEUE_FIELDS } from "./queue-fields.ts"

/** What a field's value is, in flags and in job files alike. */
export type FieldKind = "text" | "bytes" | "duration" | "count" | "switch" | "list"

const YEAR_MS = 366 * 86_400_000

export interface JobField {
  readonly kind: FieldKind
  /** What stands for the value in help. */
  readonly placeholder: string
  /** One line of help, without a final full stop. */
  readonly help: string
  /** The flag's name where it is not the key itself: flags name one thing, keys of lists name several. */
  readonly flag?: string
  /** One-letter flag. */
  readonly short?: string
  /** Other spellings that are understood: what people's fingers know from elsewhere. */
  readonly also?: readonly string[]
  /** Of a count, or of a duration in milliseconds. */
  readonly minimum?: number
  readonly maximum?: number
  /** What the flag alone means, where its value may be left out. */
  readonly bare?: string
  readonly example: string
}

export const JOB_FIELDS = {
  name: {
    kind: "text",
    placeholder: "NAME",
    help: "a name of your choice, unique among your unfinished jobs",
    short: "J",
    also: ["job-name"],
    example: "train",
  },
  memory: {
    kind: "bytes",
    placeholder: "SIZE",
    help: "memory the job needs, GPU memory included (default: as earlier runs, at least 512M)",
    short: "m",
    also: ["mem"],
    example: "48G",
  },
  gpu: {
    kind: "count",
    placeholder: "N",
    help: "whole GPUs: 1, or 0 for work on the CPU alone (default: the host's, if it has one)",
    also: ["gpus"],
    minimum: 0,
    maximum: 1,
    bare: "1",
    example: "1",
  },
  cores: {
    kind: "count",
    placeholder: "N",
    help: "CPU cores (default 1)",
    short: "c",
    also: ["cpus", "cpus-per-task"],
    minimum: 1,
    maximum: 1024,
    example: "4",
  },
  time: {
    kind: "duration",
    placeholder: "DURATION",
    help: "stop it after this long, for instance 90m, 2h30m, 1:30:00 (default: no limit)",
    short: "t",
    also: ["time-limit", "timeout"],
    minimum: 1,
    maximum: YEAR_MS,
    example: "2h30m",
  },
  host: {
    kind: "text",
    placeholder: "NAME",
    help: "run on this host and no other",
    short: "w",
    also: ["nodelist"],
    example: "studio-3",
  },
  partition: {
    kind: "text",
    placeholder: "NAME",
    help: "the queue to wait in, or several with commas: whichever has room first (default apple_gpu, or the policy's)",
    short: "p",
    example: "apple_gpu",
  },
  ...GANG_FIELDS,
  ...QUEUE_FIELDS,
  env: {
    kind: "list",
    placeholder: "NAME[=VALUE]",
    help: "a variable for the job: with a value, or as it is here; nothing else of your environment travels",
    short: "e",
    example: "WANDB_MODE=offline",
  },
  secrets: {
    kind: "list",
    placeholder: "NAME",
    help: "a stored secret, as a variable of that name (see windfall secret)",
    flag: "secret",
    example: "HF_TOKEN",
  },
  python: {
    kind: "text",
    placeholder: "VERSION",
    help: "run in a Python environment with this version, for instance 3.12 (default: what the folder asks for)",
    example: "3.12",
  },
  with: {
    kind: "list",
    placeholder: "PACKAGE",
    help: "a Python package for the environment, besides what the folder asks for; several with commas",
    example: "mlx,numpy",
  },
  setup: {
    kind: "list",
    placeholder: "LINE",
    help: "a line for /bin/sh, run once when the environment is built",
    example: "python -m nltk.downloader -d $VIRTUAL_ENV/nltk_data punkt",
  },
  "no-environment": {
    kind: "switch",
    placeholder: "",
    help: "build no Python environment, whatever is in the folder",
    example: "true",
  },
  folder: {
    kind: "text",
    placeholder: "DIR",
    help: "what travels (default: the folder you are in, or the job file's)",
    example: ".",
  },
  "no-folder": {
    kind: "switch",
    placeholder: "",
    help: "nothing travels: it starts in an empty folder",
    example: "true",
  },
  include: {
    kind: "list",
    placeholder: "PATH",
    help: "let this travel although an ignore rule or its kind (.env, keys) would keep it home",
    short: "i",
    example: "data",
  },
  data: {
    kind: "list",
    placeholder: "NAME[:PATH]",
    help: "stored data, seen in the job's folder at PATH (default data/NAME; see windfall data add)",
    example: "mnist",
  },
  outputs: {
    kind: "list",
    placeholder: "GLOB",
    help: "what comes home (default: every file the job makes or changes)",
    flag: "output",
    short: "o",
    example: "results/**",
  },
  checkpoint: {
    kind: "list",
    placeholder: "GLOB",
    help: "what it finds again when it goes on elsewhere (default: what comes home; none: nothing)",
    example: "checkpoints/**",
  },
  stdin: {
    kind: "text",
    placeholder: "FILE",
    help: "the job's standard input: --stdin alone is yours, read to its end; --stdin=FILE is a file (default: nothing)",
    bare: "-",
    example: "-",
  },
  pty: {
    kind: "switch",
    placeholder: "",
    help: "run under a terminal of its own; stdout and stderr become one",
    short: "T",
    example: "true",
  },
  "needs-lan": {
    kind: "switch",
    placeholder: "",
    help: "the job talks to machines on the local network; it then ends if the link to its host is lost",
    example: "true",
  },
  grace: {
    kind: "duration",
    placeholder: "DURATION",
    help: "time between the stop signal and SIGKILL, at most 1d (default 10s)",
    minimum: 0,
    maximum: 86_400_000,
    example: "30s",
  },
  "stop-signal": {
    kind: "text",
    placeholder: "SIGNAL",
    help: "the signal that asks the job to stop (default SIGTERM)",
    example: "SIGINT",
  },
  signal: {
    kind: "text",
    placeholder: "SIGNAL[@TIME]",
    help: "warn it with this signal so long before its time limit (default 60s); B:USR1@5m: the command alone",
    example: "USR1@5m",
  },
  retry: {
    kind: "count",
    placeholder: "N",
    help: "run it again up to N times when its host is lost or cannot start it (default 0)",
    minimum: 0,
    maximum: 1000,
    example: "2",
  },
  "retry-after-silence": {
    kind: "duration",
    placeholder: "DURATION",
    help: "with --retry: the job ends on a host that is silent for this long, and is queued again 60 s later (default: wait; it may only sleep)",
    minimum: 1000,
    maximum: YEAR_MS,
    example: "30m",
  },
  notify: {
    kind: "list",
    placeholder: "TARGET",
    help: "tell this target instead of your own (see windfall notify): https://..., ntfy://TOPIC, or none",
    example: "ntfy://lena-jobs",
  },
  "notify-on": {
    kind: "list",
    placeholder: "REASONS",
    help: "of what to tell: done, failed, stalled[=30m], vacated, waiting[=1h] (default: all)",
    example: "failed,stalled=10m",
  },
  once: {
    kind: "switch",
    placeholder: "",
    help: "never run it a second time, whatever happened",
    example: "true",
  },
} as const satisfies Record<string, JobField>

export type JobFieldKey = keyof typeof JOB_FIELDS

interface ValueOf {
  text: string
  /** Bytes. */
  bytes: number
  /** Milliseconds. */
  duration: number
  count: number
  switch: boolean
  list: readonly string[]
}

/** The fields somebody gave, each with its value read: bytes, milliseconds, counts as numbers. */
export type JobValues = { readonly [K in JobFieldKey]?: ValueOf[(typeof JOB_FIELDS)[K]["kind"]] | undefined }

export const JOB_FIELD_KEYS = Object.keys(JOB_FIELDS) as JobFieldKey[]

/** The table's row for a key, with all optional columns. */
export function jobField(key: JobFieldKey): JobField {
  return JOB_FIELDS[key]
}
