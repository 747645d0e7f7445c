import { MAX_NICE_POINTS } from "./queue-request.ts"

/** What a sender can say of a job's way through the queue; a part of the table in job-fields.ts, which checks its rows. */
export const QUEUE_FIELDS = {
  account: {
    kind: "text",
    placeholder: "NAME",
    help: "whose share it counts against (default: your own by policy)",
    short: "A",
    example: "vision",
  },
  qos: {
    kind: "text",
    placeholder: "NAME",
    help: "its quality of service by policy (default: your account's)",
    example: "urgent",
  },
  nice: {
    kind: "count",
    placeholder: "N",
    help: "let others go first: so many points of priority less; alone it is 100 (default 0). Administrators may also go first: --nice=-100",
    minimum: -MAX_NICE_POINTS,
    maximum: MAX_NICE_POINTS,
    bare: "100",
    example: "100",
  },
  hold: {
    kind: "switch",
    placeholder: "",
    help: "let it wait until it is released (windfall release)",
    short: "H",
    example: "true",
  },
  begin: {
    kind: "text",
    placeholder: "WHEN",
    help: "do not start it before: 18:00, tomorrow, 2026-11-27T09:00, now+2hours",
    short: "b",
    example: "18:00",
  },
  deadline: {
    kind: "text",
    placeholder: "WHEN",
    help: "it is over by then or not started; needs --time",
    example: "tomorrow 09:00",
  },
  after: {
    kind: "text",
    placeholder: "JOBS",
    help: "start it after other jobs: ok:12 (succeeded), any:12:13 (ended), notok:12, corresponding:12 (of an array, task by task), started:12+10 (minutes), singleton; several with commas for all of them, ? for any",
    also: ["dependency"],
    example: "ok:12",
  },
  array: {
    kind: "text",
    placeholder: "TASKS",
    help: "send it as an array: the command once for each index, which it finds in WINDFALL_ARRAY_INDEX: 1-100, 0-9,20, 1-31:5; %8 behind it for 8 at a time",
    short: "a",
    example: "1-100%8",
  },
  reservation: {
    kind: "text",
    placeholder: "NAME",
    help: "run it in this booking and nowhere else: on its hosts, in its time (windfall reserve)",
    example: "vision-1",
  },
} as const
