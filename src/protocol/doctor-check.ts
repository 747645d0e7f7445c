import type { ExaminationHead, ExaminationRequest, ProbeOutput } from "./doctor-wire.ts"
import { MOST_OUTPUT_CHARACTERS } from "./doctor-wire.ts"
import { WindfallError } from "./errors.ts"

type Raw = Readonly<Record<string, unknown>>

/** @throws {WindfallError} corrupt_data when it is no head */
export function checkExaminationHead(value: unknown): ExaminationHead {
  const raw = objectOf(value)
  const { platform, agentVersion, now, diskFreeBytes } = raw
  if (platform !== "darwin" && platform !== "linux") throw malformed("platform")
  if (typeof now !== "number" || !Number.isFinite(now)) throw malformed("now")
  if (typeof diskFreeBytes !== "number" || !(diskFreeBytes >= 0)) throw malformed("diskFreeBytes")
  return {
    platform,
    agentVersion: textOf(agentVersion, "agentVersion", 200),
    now,
    uvVersions: textsOf(raw.uvVersions, "uvVersions"),
    pythonVersions: textsOf(raw.pythonVersions, "pythonVersions"),
    diskFreeBytes,
    names: textsOf(raw.names, "names"),
  }
}

/** @throws {WindfallError} corrupt_data when it is no output */
export function checkProbeOutput(value: unknown): ProbeOutput {
  const { probe, outcome, exitCode, stdout, stderr, isCut } = objectOf(value)
  if (outcome !== "ended" && outcome !== "timed_out" && outcome !== "missing") throw malformed("outcome")
  if (exitCode !== null && !Number.isInteger(exitCode)) throw malformed("exitCode")
  if (typeof isCut !== "boolean") throw malformed("isCut")
  return {
    probe: textOf(probe, "probe", 100),
    outcome,
    exitCode: exitCode as number | null,
    stdout: textOf(stdout, "stdout", MOST_OUTPUT_CHARACTERS),
    stderr: textOf(stderr, "stderr", MOST_OUTPUT_CHARACTERS),
    isCut,
  }
}

/** @throws {WindfallError} invalid_input when it is no request */
export function checkExaminationRequest(value: unknown): ExaminationRequest {
  const { extent, addresses } = (value ?? {}) as Raw
  const isKnown = extent === "look" || extent === "record"
  if (!isKnown || !Array.isArray(addresses) || !addresses.every((one) => typeof one === "string" && one.length < 100)) {
    throw new WindfallError("invalid_input", "Cannot examine this host: the request is malformed")
  }
  return { extent, addresses: addresses.slice(0, 8) }
}

function objectOf(value: unknown): Raw {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Raw
  throw malformed("line")
}

function textOf(value: unknown, what: string, most: number): string {
  if (typeof value === "string" && value.length <= most) return value
  throw malformed(what)
}

function textsOf(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.length <= 1_000) return value.map((one) => textOf(one, what, 400))
  throw malformed(what)
}

function malformed(what: string): WindfallError {
  return new WindfallError("corrupt_data", `Cannot read what the agent found: its ${what} is malformed`)
}
