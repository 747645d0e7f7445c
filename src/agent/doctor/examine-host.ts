import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs"
import { join } from "node:path"
import { OWN_PROBES, probesOf } from "../../doctor/probes.ts"
import {
  type ExaminationHead,
  type ExaminationRequest,
  MOST_LOOK_BYTES,
  type ProbeOutput,
} from "../../protocol/doctor-wire.ts"
import type { AgentContext } from "../agent-context.ts"
import { AGENT_VERSION } from "../version.ts"
import { hostNames } from "./host-names.ts"
import { METAL_ARGUMENT } from "./metal-program.ts"
import { tryReach } from "./reach.ts"
import { runProbe } from "./run-probe.ts"

/** Metal's compiler starts with the first program; some seconds on a Mac that was just started. */
const METAL_MS = 20_000
const LOOK = { mostBytes: MOST_LOOK_BYTES }
/** So many commands at a time: a Mac with somebody at it shall not notice. */
const LANES = 2

/** What an examination finds, as it comes. Changes nothing on the host; every command has a time of its own. */
export async function* examineHost(
  context: AgentContext,
  request: ExaminationRequest,
  signal: AbortSignal,
): AsyncGenerator<ExaminationHead | ProbeOutput> {
  const { platform, folder, clock, program } = context
  const { system } = platform
  yield {
    platform: system,
    agentVersion: AGENT_VERSION,
    now: clock.now(),
    uvVersions: namesIn(join(folder.root, "tools"), /^uv-(\d[\w.]*)/),
    pythonVersions: namesIn(join(folder.shared, "python"), /^cpython-(\d+\.\d+\.\d+)-/),
    diskFreeBytes: diskFreeBytes(folder.root),
    names: request.extent === "record" ? await hostNames(system, signal) : [],
  }
  const tasks: (() => Promise<ProbeOutput>)[] = probesOf(system, request.extent).map(
    ({ name, command, timeoutMs }) =>
      () =>
        runProbe({ probe: name, command, timeoutMs, ...(request.extent === "look" ? LOOK : {}) }, signal),
  )
  if (request.extent === "look" && system === "darwin") {
    const [node = "", file = ""] = program
    const command = [node, "--experimental-ffi", "--no-warnings", file, METAL_ARGUMENT] as const
    tasks.push(
      () => runProbe({ probe: OWN_PROBES.metal, command: [...command], timeoutMs: METAL_MS }, signal),
      () => tryReach(program, request.addresses, signal),
    )
  }
  if (system === "linux") tasks.push(async () => linuxLink())
  yield* inLanes(tasks)
}

async function* inLanes(tasks: readonly (() => Promise<ProbeOutput>)[]): AsyncGenerator<ProbeOutput> {
  const waiting = [...tasks]
  const running = new Set<Promise<{ output: ProbeOutput; self: Promise<unknown> }>>()
  while (waiting.length > 0 || running.size > 0) {
    while (running.size < LANES && waiting.length > 0) {
      const task = waiting.shift()
      if (task === undefined) break
      const self: Promise<{ output: ProbeOutput; self: Promise<unknown> }> = task().then((output) => ({ output, self }))
      running.add(self)
    }
    const { output, self } = await Promise.race(running)
    running.delete(self as Promise<{ output: ProbeOutput; self: Promise<unknown> }>)
    yield output
  }
}

function diskFreeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Versions in the names of what lies in a folder. */
function namesIn(folder: string, form: RegExp): readonly string[] {
  try {
    const found = readdirSync(folder).flatMap((name) => form.exec(name)?.[1] ?? [])
    return [...new Set(found)].sort().slice(0, 20)
  } catch {
    return []
  }
}

/** The interface of the default route, from /proc/net/route, and what its driver says in /sys/class/net. */
function linuxLink(): ProbeOutput {
  const routes = readIfThere("/proc/net/route").split("\n").slice(1)
  const name = routes.map((line) => line.split("\t")).find(([, destination]) => destination === "00000000")?.[0] ?? null
  const folder = `/sys/class/net/${name}`
  const mbps = name === null ? null : Number.parseInt(readIfThere(join(folder, "speed")), 10)
  const isWireless = name !== null && statSync(join(folder, "wireless"), { throwIfNoEntry: false }) !== undefined
  const stdout = `${JSON.stringify({ name, mbps: Number.isNaN(mbps) ? null : mbps, isWireless })}\n`
  return { probe: OWN_PROBES.linuxLink, outcome: "ended", exitCode: 0, stdout, stderr: "", isCut: false }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
