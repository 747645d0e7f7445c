import * as z from "zod"
import type { HostRule } from "../../../protocol/host.ts"
import type { HostObstacle, HostPresence, Lever } from "../../../protocol/owner.ts"
import type { FleetView, OwnerView } from "../../../protocol/owner-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const obstacle = answer(
  "OwnerObstacle",
  "What keeps jobs from starting on a host for the sake of people there",
  z.object({
    code: z.string().describe("Stable: paused, outside_hours, owner_here, presence_unknown, ..."),
    text: z.string(),
    until: time.nullable().describe("When it ends by itself, as far as that is known"),
  }),
)

export const presence = answer(
  "Presence",
  "Who is at a host, as its agent saw it last",
  z.object({
    at: time.describe("When the agent looked, by the host's clock"),
    state: z.enum(["here", "away", "unknown", "unwatched"]).describe("unwatched: nobody is looked for (Linux)"),
    since: time,
    blindSince: time.optional().describe("Since when looks fail: state is what was seen before"),
    text: z.string().describe("By what they were noticed is told to the owner and administrators only"),
    obstacles: z.array(obstacle),
  }),
)

const pauseWord = z.object({
  at: time,
  by: z.string().describe("A user, or an account of the Mac"),
  pause: z
    .object({ since: time, until: time.nullable().describe("null: until somebody resumes") })
    .nullable()
    .describe("null: resumed"),
})

export const lever = answer(
  "Lever",
  "What was said of a host: each of owner, administrators and jobs has a pause of its own",
  z.object({
    pauses: z.object({ owner: pauseWord.optional(), admin: pauseWord.optional(), job: pauseWord.optional() }),
    rules: z
      .object({
        at: time,
        by: z.string(),
        rules: z.record(z.string(), z.string()),
        saidBy: z
          .record(z.string(), z.string())
          .optional()
          .describe("Who said each, where that is another than who spoke last"),
      })
      .nullable(),
  }),
)

export const rule = answer(
  "OwnerRule",
  "A rule as it holds on a host",
  z.object({
    name: z.string().describe("As in on_return"),
    value: z.string(),
    from: z.enum(["preset", "fleet", "host"]).describe("Where it comes from; host: said of this one alone"),
    by: z
      .string()
      .nullable()
      .describe("Who said it of this host: a user, or an account of the Mac; null: preset and fleet"),
  }),
)

export const owner = answer(
  "Owner",
  "What holds on a host for its owner's sake",
  z.object({
    host: z.string(),
    name: z.string(),
    fleet: z.string(),
    owner: z.string().nullable(),
    consoleAccount: z.string().nullable(),
    presence: presence.nullable(),
    lever,
    obstacles: z.array(obstacle).describe("None, and closed is null: jobs may start"),
    closed: z.string().nullable().describe("Why no job starts whoever is at it; null where some may"),
    preset: z.string(),
    policy: z.array(rule),
    timeZone: z.string().describe("Of its hours, where no rule says another"),
    jobs: z.array(
      z.object({
        job: count,
        name: z.string().nullable(),
        user: z.string(),
        state: z.string(),
        since: time.nullable().describe("When it began there"),
        suspended: z.object({ since: time, code: z.string(), text: z.string() }).nullable(),
        memoryBytes: count.nullable().describe("What it holds"),
        usesGpu: z.boolean(),
      }),
    ),
    heard: z
      .enum(["now", "next_contact", "never"])
      .describe(
        "now: the host has taken all that was said; next_contact: when it is heard of next; never: it has left the pool",
      ),
  }),
)

export const fleet = answer(
  "Fleet",
  "What a fleet says for all of its hosts",
  z.object({
    name: z.string(),
    preset: z.string(),
    rules: z.record(z.string(), z.string()).describe("What is to be otherwise than in the preset"),
    hosts: z.array(z.string()).describe("Names of its hosts"),
    hiveNets: z
      .array(z.string())
      .optional()
      .describe("Networks that members of hives there may talk over; absent: none"),
  }),
)

export const fleetList = answer("FleetList", "Fleets by name", z.object({ fleets: z.array(fleet) }))

export const OWNER_ANSWERS_AGREE: readonly [
  Describes<typeof obstacle, HostObstacle>,
  Describes<typeof presence, HostPresence>,
  Describes<typeof lever, Lever>,
  Describes<typeof rule, HostRule>,
  Describes<typeof owner, OwnerView>,
  Describes<typeof fleet, FleetView>,
] = [true, true, true, true, true, true]
