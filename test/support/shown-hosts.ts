/** Invented hosts as a server shows them, for tests of what people see. */
import type { SeenHost } from "../../src/cli/render/host-lines.ts"
import type { HostFacts } from "../../src/protocol/host.ts"
import type { HostId, JobId } from "../../src/protocol/ids.ts"
import type { MacFacts } from "../../src/protocol/mac-facts.ts"
import { type HostPresence, NO_LEVER } from "../../src/protocol/owner.ts"
import type { QueueJob } from "../../src/protocol/queue.ts"
import { type HostVitals, NO_VITALS, type Vitals } from "../../src/protocol/vitals.ts"

export const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const GIB = 1024 ** 3
const MINUTE_MS = 60_000

export const STUDIO: MacFacts = {
  model: "Mac15,14",
  modelName: "Mac Studio (M3 Ultra, 2025)",
  formFactor: "desktop",
  chip: "Apple M3 Ultra",
  cores: [
    { kind: "Performance", count: 24 },
    { kind: "Efficiency", count: 8 },
  ],
  gpuCores: 80,
  memoryBytes: 512 * GIB,
  bandwidthGbPerS: 819,
  fp32Tflops: 28.26,
  gpuWiredLimitMb: 0,
  macosVersion: "26.1",
  macosBuild: "25B71",
  verdict: "accepted",
  refusals: [],
  unknown: [],
}

export const BOOK: MacFacts = {
  ...STUDIO,
  model: "Mac17,6",
  modelName: "MacBook Pro (16-inch, M5 Max)",
  formFactor: "laptop",
  chip: "Apple M5 Max",
  cores: [
    { kind: "Super", count: 6 },
    { kind: "Performance", count: 12 },
  ],
  gpuCores: 40,
  memoryBytes: 128 * GIB,
}

export function factsOf(mac: MacFacts | null, change: Partial<HostFacts> = {}): HostFacts {
  return {
    platform: mac === null ? "linux" : "darwin",
    arch: "arm64",
    system: mac === null ? "Debian GNU/Linux 12" : `macOS ${mac.macosVersion}`,
    model: mac?.model ?? null,
    chip: mac?.chip ?? "Ampere Altra",
    cores: mac?.cores?.reduce((sum, { count }) => sum + count, 0) ?? 16,
    memoryBytes: mac?.memoryBytes ?? 64 * GIB,
    gpus: mac === null ? 0 : 1,
    hostname: "somewhere",
    user: "windfall",
    home: "/Users/windfall",
    bootId: "b",
    timeZone: null,
    diskFreeBytes: 400 * GIB,
    ...(mac === null ? {} : { mac }),
    ...change,
  }
}

export function vitalsOf(change: Partial<Vitals>, at = NOW - 20_000): HostVitals {
  return { ...NO_VITALS, ...change, at }
}

export function presenceOf(
  state: HostPresence["state"],
  agoMinutes: number,
  obstacle?: readonly [string, string],
): HostPresence {
  const obstacles = obstacle === undefined ? [] : [{ code: obstacle[0], text: obstacle[1], until: null }]
  return { at: NOW, state, since: NOW - agoMinutes * MINUTE_MS, text: "", obstacles }
}

/** A host that is free, but for what is changed. */
export function shownHost(name: string, change: Partial<SeenHost> = {}): SeenHost {
  const facts = change.facts === undefined ? factsOf(STUDIO) : change.facts
  const total = {
    memoryBytes: Math.max(0, (facts?.memoryBytes ?? 0) - 8 * GIB),
    gpus: facts?.gpus ?? 0,
    cores: facts?.cores ?? 0,
  }
  return {
    id: `h_${name}` as HostId,
    name,
    address: `windfall@${name}`,
    port: null,
    owner: null,
    consoleAccount: null,
    presence: null,
    lever: NO_LEVER,
    obstacles: change.presence?.obstacles ?? [],
    preset: "default",
    policy: [],
    fleet: "default",
    labels: {},
    link: "ready",
    reason: null,
    since: NOW,
    draining: false,
    leaving: null,
    withheld: null,
    strays: [],
    hostKey: "ssh-ed25519 AAAA",
    facts,
    disk: null,
    diskLimitBytes: null,
    vitals: null,
    wake: { isOn: false, hardware: null, problem: null },
    network: null,
    measures: [],
    total,
    free: total,
    freeNowBytes: null,
    jobs: [],
    takesYours: true,
    ...change,
  }
}

export function queueJob(id: number, change: Partial<QueueJob> = {}): QueueJob {
  return {
    id: id as JobId,
    user: "ada",
    name: null,
    command: ["python", "train.py"],
    state: "running",
    reason: null,
    submittedAt: NOW - 90 * MINUTE_MS,
    startedAt: NOW - 62 * MINUTE_MS,
    memoryBytes: 48 * GIB,
    hostId: null,
    outOfContactSince: null,
    usage: null,
    ...change,
  }
}

/** Four Macs and a Linux box, each in another state. */
export function shownPool(): { readonly hosts: SeenHost[]; readonly running: QueueJob[] } {
  const idle = { heat: "nominal", power: "ac", memoryPressure: "normal", load: 1.2 } as const
  const hosts = [
    shownHost("mac-10", {
      presence: presenceOf("away", 42),
      vitals: vitalsOf({ ...idle, gpuBusyPercent: 0, memoryAvailableBytes: 448 * GIB }),
      network: { kind: "ethernet", mbps: 10_000, interface: "en0", peers: ["Mac16,9"] },
      labels: { room: "2.14" },
    }),
    shownHost("mac-2", {
      presence: presenceOf("away", 190),
      vitals: vitalsOf({ ...idle, heat: "heavy", gpuBusyPercent: 98, memoryAvailableBytes: 300 * GIB }),
      network: { kind: "ethernet", mbps: 1_000, interface: "en0", peers: [] },
      jobs: [412, 413],
      free: { memoryBytes: 400 * GIB, gpus: 0, cores: 30 },
    }),
    shownHost("mac-3", {
      facts: factsOf(BOOK),
      presence: presenceOf("here", 5, ["owner_here", "somebody is at it: keyboard or mouse in use"]),
      vitals: vitalsOf({ ...idle, power: "battery", chargePercent: 64, gpuBusyPercent: 3 }),
      network: { kind: "wifi", mbps: 866, interface: "en0", peers: [] },
    }),
    shownHost("mac-4", { link: "down", reason: "no route to host", vitals: vitalsOf(idle, NOW - 3_600_000) }),
    shownHost("box", { facts: factsOf(null), vitals: vitalsOf({ load: 0.1, memoryAvailableBytes: 60 * GIB }) }),
  ]
  const running = [
    queueJob(412, {
      name: "train",
      hostId: hosts[1]?.id ?? null,
      usage: { at: NOW - 5_000, memoryBytes: 41 * GIB, processes: 9, cpuPercent: 780 },
    }),
    queueJob(413, { user: "bob", command: ["make"], hostId: hosts[1]?.id ?? null, startedAt: NOW - 20_000 }),
  ]
  return { hosts, running }
}
