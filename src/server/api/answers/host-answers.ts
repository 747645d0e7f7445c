import * as z from "zod"
import { ACCOUNT_TRAITS } from "../../../protocol/account-traits.ts"
import type { HostScan, JoinStep } from "../../../protocol/api.ts"
import type { HostFacts, HostForgivenView, HostView, StrayView } from "../../../protocol/host.ts"
import type { HostDisk } from "../../../protocol/host-disk.ts"
import type { LeaveStep, ServerKeyAnswer } from "../../../protocol/lending.ts"
import { type HostNetwork, type HostWakeView, type MeasureView, NETWORK_KINDS } from "../../../protocol/network.ts"
import type { HostOwnerView } from "../../../protocol/owner-api.ts"
import type { Resources } from "../../../protocol/resources.ts"
import { answer, count, type Describes, time } from "./answer.ts"
import { macFacts, vitals } from "./mac-answers.ts"
import { lever, obstacle, presence, rule } from "./owner-answers.ts"

const resources = answer(
  "Resources",
  "Memory, GPUs and cores of a host",
  z.object({ memoryBytes: z.int(), gpus: z.int(), cores: z.int() }),
)

const facts = answer(
  "HostFacts",
  "What was found on a host at the latest contact",
  z.object({
    platform: z.enum(["darwin", "linux"]),
    arch: z.enum(["arm64", "x64"]),
    system: z.string().describe('As in "macOS 26.1"'),
    model: z.string().nullable().describe('As in "Mac15,14"; null off the Mac'),
    chip: z.string(),
    cores: count,
    memoryBytes: count,
    gpus: count,
    gpuMemoryBytes: count.optional().describe("What Metal lets the GPU work with; absent off the Mac"),
    memoryAvailableBytes: count.optional().describe("What new work could have then; absent off the Mac"),
    memoryHeldBy: z
      .enum(["kernel", "windfall"])
      .optional()
      .describe("Who holds a job to the memory it asked for; absent on a Mac, where it is always Windfall"),
    hostname: z.string(),
    user: z.string().describe("The account jobs run as"),
    accountTraits: z
      .array(z.enum(ACCOUNT_TRAITS))
      .optional()
      .describe("What that account is besides one for jobs; absent where an older agent told the rest"),
    home: z.string(),
    bootId: z.string().describe("Changes with every restart"),
    timeZone: z.string().nullable(),
    diskFreeBytes: count,
    mac: macFacts
      .optional()
      .describe("What the Mac is in full; absent off the Mac, and where an older agent told the rest"),
  }),
)

const disk = answer(
  "HostDisk",
  "What Windfall holds on a host's disk, and may hold there",
  z.object({
    budgetBytes: count,
    held: z.object({
      workspaces: count,
      data: count,
      environments: count,
      pythons: count,
      packages: count.describe("uv's downloads"),
      models: count.describe("Downloads of Hugging Face"),
      homes: count.describe("People's own, which Windfall never removes"),
    }),
  }),
)

const stray = answer(
  "Stray",
  "A process of an ended attempt that is still on a host",
  z.object({
    pid: count,
    command: z.string().nullable().describe("For the job's owner and administrators; null for others"),
    job: count.nullable(),
    certain: z.boolean().describe("False when it is only suspected to be the job's"),
    memoryBytes: count,
    since: time,
  }),
)

const network = answer(
  "HostNetwork",
  "How a host is on the network",
  z.object({
    kind: z.enum(NETWORK_KINDS),
    mbps: count.nullable().describe("As its system says; null: not known"),
    interface: z.string().nullable(),
    peers: z.array(z.string()).describe("Models of Macs connected over Thunderbolt"),
    addresses: z
      .array(z.object({ address: z.string(), net: z.string(), interface: z.string() }))
      .optional()
      .describe("Its IPv4 addresses; absent where it has not said"),
  }),
)

const wake = answer(
  "HostWake",
  "Whether a host is woken for jobs",
  z.object({
    isOn: z.boolean(),
    hardware: z.string().nullable().describe("For administrators; null for others"),
    problem: z.string().nullable().describe("Why it cannot be woken; null when it can"),
  }),
)

const measure = answer(
  "Measure",
  "What host bench found between a host and another end, last",
  z.object({
    with: z.string().describe('A host\'s name, or "server"'),
    toMbps: z.number().nullable(),
    fromMbps: z.number().nullable(),
    roundTripMs: z.number(),
    at: time,
  }),
)

export const host = answer(
  "Host",
  "A machine of the pool",
  z.object({
    id: z.string(),
    name: z.string(),
    address: z.string().describe("What is given to ssh"),
    port: count.nullable(),
    owner: z.string().nullable(),
    fleet: z.string(),
    labels: z.record(z.string(), z.string()),
    link: z.enum(["connecting", "ready", "asleep", "down", "refused"]),
    reason: z.string().nullable().describe("Why the link is what it is; null when ready"),
    since: time,
    draining: z.boolean().describe("It gets no new jobs, as an administrator said"),
    leaving: z
      .object({ phase: z.enum(["ending", "cleaning", "left"]), by: z.string(), since: time })
      .nullable()
      .describe("How it is leaving the pool; null when it stays"),
    withheld: z.string().nullable().describe("Why it gets no new jobs because of what ended ones left there"),
    strays: z.array(stray),
    hostKey: z.string(),
    facts: facts.nullable(),
    disk: disk.nullable().describe("Null as long as it has not said so"),
    diskLimitBytes: count.nullable().describe("What an administrator lets it hold; null: as the host itself reckons"),
    consoleAccount: z.string().nullable().describe("Its owner's account there"),
    presence: presence.nullable().describe("Who is there; null as long as it has not said so"),
    lever: lever.describe("What its owner and others have said of it"),
    obstacles: z.array(obstacle).describe("What keeps jobs from starting there for the sake of people"),
    preset: z.string().describe("What its rules begin with"),
    policy: z.array(rule).describe("The rules that hold there"),
    vitals: vitals.nullable().describe("Null as long as it has not said so"),
    network: network.nullable().describe("Null as long as it has not said so"),
    hiveNets: z
      .array(z.string())
      .optional()
      .describe("Networks that an administrator trusts for members of hives and that it has an address in"),
    wake,
    measures: z.array(measure),
    total: resources.describe("What jobs may use in all"),
    free: resources.describe("What suspended jobs do not use is free"),
    freeNowBytes: count
      .nullable()
      .describe(
        "Memory that one more job could get just now, beside what others use and what is the owner's; null: as free says",
      ),
    jobs: z.array(count).describe("Jobs there now"),
    takesYours: z.boolean().describe("Whether jobs of whoever asks may run there, as its rules say"),
    bookings: z
      .array(
        z.object({
          name: z.string(),
          state: z.enum(["now", "to_come"]),
          startAt: time,
          endAt: time,
          timeZone: z.string(),
          maintenance: z.boolean(),
          users: z.array(z.string()),
          accounts: z.array(z.string()),
          forYou: z.boolean().describe("Jobs of whoever asks may start there then"),
        }),
      )
      .optional()
      .describe("In which it is kept now and within the next twelve hours"),
  }),
)

export const hostOwner = answer(
  "HostOwner",
  "A machine of the pool, whose it is now",
  host.extend({
    accountLook: z
      .union([
        z.object({ found: z.literal("there") }),
        z.object({ found: z.literal("unknown"), reason: z.string().describe("Why the host could not tell") }),
      ])
      .nullable()
      .describe("Whether the host has the account that was named; null where none was"),
  }),
)

export const hostForgiven = answer(
  "HostForgiven",
  "A machine of the pool, whose crashes are forgotten now",
  host.extend({ forgiven: count.describe("Of how many kinds of jobs; 0: there were none") }),
)

export const hostList = answer("HostList", "Hosts by name", z.object({ hosts: z.array(host) }))

export const hostScan = answer(
  "HostKey",
  "The key a machine shows",
  z.object({
    hostKey: z.string().describe("As in known_hosts, without the name"),
    fingerprint: z.string().describe("As ssh shows it"),
  }),
)

export const serverKey = answer(
  "ServerKey",
  "What lets the server in",
  z.object({ line: z.string().describe("For a host's authorized_keys") }),
)

const error = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
})

export const joinStep = answer(
  "JoinStep",
  "A step of a join; the last one is done or failed",
  z.discriminatedUnion("step", [
    z.object({
      step: z.enum(["reach", "key", "system", "runtime", "agent", "facts"]),
      state: z.enum(["running", "ok"]),
      text: z.string(),
      progress: z.number().optional().describe("0 to 1"),
    }),
    z.object({ step: z.literal("done"), host }),
    z.object({ step: z.literal("failed"), error }),
  ]),
)

export const leaveStep = answer(
  "LeaveStep",
  "A step of a host's leaving; the last one is done, or waiting where the host cannot be reached now",
  z.discriminatedUnion("step", [
    z.object({ step: z.literal("ending"), jobs: z.array(count) }),
    z.object({ step: z.literal("cleaning") }),
    z.object({ step: z.literal("went"), what: z.string(), bytes: count }),
    z.object({ step: z.literal("done") }),
    z.object({ step: z.literal("waiting"), reason: z.string() }),
  ]),
)

export const HOST_ANSWERS_AGREE: readonly [
  Describes<typeof resources, Resources>,
  Describes<typeof facts, HostFacts>,
  Describes<typeof stray, StrayView>,
  Describes<typeof disk, HostDisk>,
  Describes<typeof network, HostNetwork>,
  Describes<typeof wake, HostWakeView>,
  Describes<typeof measure, MeasureView>,
  Describes<typeof host, HostView>,
  Describes<typeof hostOwner, HostOwnerView>,
  Describes<typeof hostForgiven, HostForgivenView>,
  Describes<typeof hostScan, HostScan>,
  Describes<typeof serverKey, ServerKeyAnswer>,
  Describes<typeof joinStep, JoinStep>,
  Describes<typeof leaveStep, LeaveStep>,
] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true]
