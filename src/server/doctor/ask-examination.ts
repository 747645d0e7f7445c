import { networkInterfaces } from "node:os"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import { checkExaminationHead, checkProbeOutput } from "../../protocol/doctor-check.ts"
import type { Examination, ExaminationHead, ExaminationRequest, ProbeOutput } from "../../protocol/doctor-wire.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** All probes have their whole time, two at a time; far more than a Mac needs. */
const EXAMINE_MS = { look: 120_000, record: 240_000 } as const
const MOST_OUTPUTS = 200
/** Of all outputs together, in characters. */
const MOST_CHARACTERS = 16 * 1024 * 1024
/** A character takes up to three bytes. */
const MOST_BYTES = 3 * MOST_CHARACTERS

/** An examination, with when it was asked for by the server's clock. */
export interface TimedExamination {
  readonly examination: Examination
  readonly askedAt: number
  /** When the first line had come. */
  readonly answeredAt: number
}

/**
 * Has a host examine itself. What it says is checked and not believed beyond that.
 * @throws {WindfallError} host_unreachable, link_lost, corrupt_data, timed_out; route_not_found of an agent of before
 */
export async function askExamination(
  core: Core,
  host: FleetHost,
  extent: ExaminationRequest["extent"],
  signal: AbortSignal,
): Promise<TimedExamination> {
  const { channel, record } = host
  const doing = `examine ${record.name}`
  if (channel === null) {
    throw new WindfallError("host_unreachable", `Cannot ${doing}: the host is ${host.link}`, {
      hint: host.reason ?? undefined,
    })
  }
  const request: ExaminationRequest = { extent, addresses: lanAddresses(core) }
  const within = AbortSignal.any([signal, AbortSignal.timeout(EXAMINE_MS[extent])])
  const askedAt = core.clock.now()
  const body = await channel.ask(AGENT_PATHS.doctor, request, { signal: within })
  let head: ExaminationHead | undefined
  let answeredAt = askedAt
  const outputs: ProbeOutput[] = []
  let characters = 0
  // What breaks the stream is thrown by reading it.
  for await (const line of createInterface({
    input: Readable.from(counted(body, doing)),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    characters += line.length
    if (outputs.length > MOST_OUTPUTS || characters > MOST_CHARACTERS) {
      throw new WindfallError("corrupt_data", `Cannot ${doing}: it says more than any host has to say`)
    }
    const value = parse(line, doing)
    if (head === undefined) {
      answeredAt = core.clock.now()
      head = checkExaminationHead(value)
    } else if ((value as { end?: unknown } | null)?.end === true) {
      return { examination: { head, outputs }, askedAt, answeredAt }
    } else outputs.push(checkProbeOutput(value))
  }
  throw new WindfallError("link_lost", `Cannot ${doing}: its answer broke off`)
}

/** A line has no end of its own: what comes is counted before it is one. */
async function* counted(body: AsyncIterable<Uint8Array>, doing: string): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > MOST_BYTES) {
      throw new WindfallError("corrupt_data", `Cannot ${doing}: it says more than any host has to say`)
    }
    yield piece
  }
}

function parse(line: string, doing: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new WindfallError("corrupt_data", `Cannot ${doing}: what the agent says is no JSON`)
  }
}

/** Where detached processes of a host may try to get to: this machine, and hosts that are named by address. */
function lanAddresses(core: Core): string[] {
  const own = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ family, internal, address }) => (family === "IPv4" && !internal ? [address] : [])),
  )
  const hosts = core.fleet.all().flatMap(({ record }) => /(?:^|@)(\d+\.\d+\.\d+\.\d+)$/.exec(record.address)?.[1] ?? [])
  return [...new Set([...own, ...hosts])].slice(0, 8)
}
