import * as z from "zod"
import type { WindfallEvent } from "../../../protocol/events.ts"
import { answer, count, type Describes, time } from "./answer.ts"
import { codePurpose } from "./invite-answers.ts"
import { cause, jobState } from "./job-answers.ts"

const head = z.object({
  sequence: count.describe("Counts up without gaps"),
  at: time,
  actor: z.string().describe('A user, or "windfall"'),
})
const ofHost = head.extend({ host: z.string(), name: z.string() })
const ofJob = head.extend({ job: count })
const ofAttempt = ofJob.extend({ attempt: z.string() })
const rank = count.optional().describe("Which member of an attempt on several hosts")
const type = z.literal
const words = z.string().nullable()

export const event = answer(
  "Event",
  "One line of the record of what happened",
  z.discriminatedUnion("type", [
    ofJob.extend({
      type: type("job_submitted"),
      user: z.string(),
      name: words,
      array: count.optional().describe("Of a task of an array, which has a record of its own from now on"),
      task: count.optional().describe("Which of its tasks"),
    }),
    ofJob.extend({ type: type("job_state"), from: jobState, to: jobState, cause, reason: words }),
    ofAttempt.extend({
      type: type("attempt_placed"),
      number: count,
      rank,
      host: z.string(),
      hostName: z.string(),
      checkpoint: count.optional().describe("It begins with what this earlier attempt wrote"),
    }),
    ofAttempt.extend({
      type: type("attempt_ended"),
      number: count,
      rank,
      cause: cause.unwrap(),
      exitCode: z.int().nullable(),
      signal: z.int().nullable(),
    }),
    ofAttempt.extend({
      type: type("attempt_contact"),
      lostSince: time.nullable().describe("null: its host is heard of again"),
    }),
    ofJob.extend({ type: type("checkpoint_kept"), number: count, files: count, bytes: count }),
    ofJob.extend({ type: type("job_changed"), what: z.string().describe("nice 0 -> 100") }),
    ofJob.extend({ type: type("outputs_ready"), files: count, bytes: count }),
    ofHost.extend({ type: type("host_added") }),
    ofHost.extend({ type: type("host_link"), link: z.string(), reason: words }),
    ofHost.extend({ type: type("host_changed"), what: z.string() }),
    ofHost.extend({ type: type("host_withheld"), reason: words.describe("null: it gets jobs again") }),
    ofHost.extend({
      type: type("stray"),
      pid: count,
      command: words.describe("For the job's owner and administrators; null for others"),
      job: count.nullable(),
      user: words,
      certain: z.boolean(),
      gone: z.boolean(),
    }),
    ofHost.extend({
      type: type("host_crashed"),
      job: count,
      attempt: z.string(),
      reason: words.describe("What is known of the crash"),
      times: count.describe("How often it has crashed with jobs like this one"),
      quarantined: z.boolean().describe("Such jobs do not go there any more"),
    }),
    ofHost.extend({
      type: type("host_slept"),
      job: count,
      attempt: z.string(),
      from: time.describe("By the host's clock"),
      to: time.describe("By the host's clock"),
    }),
    ofHost.extend({
      type: type("host_lever"),
      act: z.enum(["paused", "resumed", "rules"]),
      what: z.string(),
      from: z.enum(["mac", "elsewhere"]).describe("Where it was said"),
    }),
    ofAttempt.extend({
      type: z.enum(["attempt_suspended", "attempt_vacating"]),
      host: z.string(),
      hostName: z.string(),
      code: z.string().describe("As an obstacle of the host, or suspended_too_long, memory_needed, evicted"),
      reason: z.string(),
      reactionMs: count
        .nullable()
        .describe("From the sign of somebody, or the word, to the last process stopped; null: nobody measured it"),
    }),
    ofAttempt.extend({
      type: type("attempt_continued"),
      host: z.string(),
      hostName: z.string(),
      suspendedMs: count.describe("For how long it was stopped in all"),
    }),
    head.extend({ type: type("fleet_changed"), fleet: z.string(), what: z.string() }),
    head.extend({
      type: z.enum(["booking_made", "booking_changed", "booking_removed"]),
      booking: z.string(),
      what: z.string(),
    }),
    head.extend({ type: type("policy_applied"), version: count, what: z.string() }),
    head.extend({ type: type("usage_recomputed") }),
    ofHost.extend({ type: type("host_lent"), line: z.string().describe("What it was lent in the week before") }),
    ofHost.extend({ type: type("host_removed") }),
    head.extend({ type: type("user_changed"), user: z.string(), what: z.string() }),
    head.extend({ type: type("token_changed"), user: z.string(), what: z.string() }),
    head.extend({ type: type("key_changed"), user: z.string(), what: z.string() }),
    head.extend({
      type: type("invite_changed"),
      purpose: codePurpose,
      about: z.string().describe("The user, or whose Mac it is"),
      what: z.string(),
    }),
    head.extend({ type: type("secret_changed"), user: z.string(), name: z.string(), what: z.string() }),
    head.extend({ type: type("notify_changed"), user: z.string(), what: z.string() }),
    head.extend({ type: type("model_changed"), name: z.string(), user: z.string(), what: z.string() }),
    head.extend({ type: type("data_changed"), name: z.string(), user: z.string(), what: z.string() }),
    head.extend({ type: type("notice"), message: z.string(), host: words, job: count.nullable() }),
  ]),
)

export const eventList = answer("EventList", "Events, oldest first", z.object({ events: z.array(event) }))

export const EVENT_ANSWERS_AGREE: Describes<typeof event, WindfallEvent> = true
