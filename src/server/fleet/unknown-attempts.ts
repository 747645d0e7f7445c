import type { FoundAttempt } from "../../protocol/agent-wire.ts"
import type { DoctorFinding } from "../../protocol/api.ts"
import type { ServerId } from "../../protocol/ids.ts"
import { LOCAL } from "../hosts/host-name.ts"
import type { FleetHost } from "./fleet-host.ts"

/** An attempt found on a host that this server's database does not know. */
export type UnknownAttempt = Pick<FoundAttempt, "attempt" | "job" | "sequence" | "phase">

/** Attempts whose folders are named; the rest is counted. */
const MAX_NAMED = 5

/** What there is, and that nothing is done about it. */
export function unknownText({ length }: readonly UnknownAttempt[]): string {
  return length === 1
    ? "1 attempt that this server's database does not know; it is left alone"
    : `${length} attempts that this server's database does not know; they are left alone`
}

/** What `doctor` says of such attempts: where they lie, what they did when the host was last asked, what to do. */
export function unknownFindings(server: ServerId, { record, unknown }: FleetHost): DoctorFinding[] {
  if (unknown.length === 0) return []
  const { name, address } = record
  const root = address.startsWith(LOCAL) ? address.slice(LOCAL.length) : "~/.windfall"
  const named = unknown
    .slice(0, MAX_NAMED)
    .map(({ sequence, job, phase }) => `${sequence} (job ${job}, ${STATES[phase]})`)
  if (unknown.length > MAX_NAMED) named.push(`${unknown.length - MAX_NAMED} more`)
  const text = `it holds ${unknownText(unknown)}. In ${root}/servers/${server}/attempts there: ${named.join(", ")}`
  const restored =
    "Was the database restored from an older copy? Then the newer one, if you still have it, takes them up again. Without it, save what you need from work, stdout and stderr in their folders"
  const runs = unknown.some(({ phase }) => phase === "running")
  const drain = `; what runs is not counted as in use, so until it has ended: windfall host drain ${name}`
  return [
    {
      subject: name,
      code: "unknown_attempts",
      level: "warning",
      text,
      fix: runs ? restored + drain : restored,
    },
  ]
}

const STATES: Readonly<Record<UnknownAttempt["phase"], string>> = {
  preparing: "never ran",
  running: "ran when the host was last asked",
  exited: "has ended",
}
