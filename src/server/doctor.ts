import { statfsSync } from "node:fs"
import { formatBytes } from "../base/bytes.ts"
import { formatDuration } from "../base/duration.ts"
import { accountText, exposureText, needsConsent } from "../protocol/account-traits.ts"
import type { DoctorFinding } from "../protocol/api.ts"
import type { WindfallError } from "../protocol/errors.ts"
import { Slices } from "../workspace/slices.ts"
import type { UserSize } from "./blobs/user-blobs.ts"
import type { Core } from "./core.ts"
import { crashFindings } from "./fleet/crash-findings.ts"
import { diskFindings } from "./fleet/disk-findings.ts"
import type { FleetHost } from "./fleet/fleet-host.ts"
import { leftoverFindings } from "./fleet/leftover-findings.ts"
import { unknownFindings } from "./fleet/unknown-attempts.ts"
import { leftText } from "./fleet/who-left.ts"
import type { Viewer } from "./jobs/job-view.ts"
import { logsBytes } from "./logs/log-folders.ts"
import { notifyFindings } from "./notify/notify-findings.ts"

const NO_HOST: DoctorFinding = {
  subject: "server",
  code: "no_host",
  level: "warning",
  text: "it has no host: no job can start",
  fix: "Let one join: windfall host add user@mac",
}
const LOW_DISK_BYTES = 5 * 1024 ** 3

/** What the server itself knows about the health of the pool, as this person may see it. Looks, changes nothing. */
export async function examine(core: Core, viewer: Viewer): Promise<DoctorFinding[]> {
  const hosts = core.fleet.all().flatMap((host) => hostFindings(core, host, viewer))
  const gone = core.folderWatch.refusal()
  if (gone !== undefined) return [goneFinding(gone), ...hosts]
  const slices = new Slices(10, core.signal)
  const sizes = await core.blobs.sizes(slices)
  const told = notifyFindings(core, viewer)
  const found = [diskOf(core), filesOf(sizes), await logsOf(core, slices), ...damageOf(sizes), ...told]
  return [...found, ...(core.fleet.all().length === 0 ? [NO_HOST] : hosts)]
}

function goneFinding({ code, message, hint }: WindfallError): DoctorFinding {
  return { subject: "server", code, level: "problem", text: message, fix: hint ?? null }
}

function diskOf(core: Core): DoctorFinding {
  const { bavail, bsize } = statfsSync(core.folder)
  const free = bavail * bsize
  const low = free < LOW_DISK_BYTES
  return {
    subject: "server",
    code: low ? "disk_low" : "disk",
    level: low ? "warning" : "ok",
    text: `${formatBytes(free)} are free where the server keeps its data`,
    fix: low ? "Make room, or keep files and logs for a shorter time: windfall up --keep-files, --keep-logs" : null,
  }
}

function filesOf(sizes: readonly UserSize[]): DoctorFinding {
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5)
  const most = largest.map(({ user, bytes }) => `${user} ${formatBytes(bytes)}`)
  const text = `workspaces and outputs take ${formatBytes(total)}${most.length === 0 ? "" : ` (${most.join(", ")})`}`
  return { subject: "server", code: "files", level: "ok", text, fix: null }
}

async function logsOf(core: Core, slices: Slices): Promise<DoctorFinding> {
  const bytes = await logsBytes(core.logs.folder, slices)
  const text = `logs of jobs take ${formatBytes(bytes)}; they are kept for ${formatDuration(core.limits.keepLogsMs)}`
  return { subject: "server", code: "logs", level: "ok", text, fix: null }
}

function damageOf(sizes: readonly UserSize[]): DoctorFinding[] {
  const damaged = sizes.reduce((sum, one) => sum + one.damaged, 0)
  if (damaged === 0) return []
  return [
    {
      subject: "server",
      code: "damaged",
      level: "warning",
      text: `${damaged} stored blobs were found damaged or gone since the server started`,
      fix: "Check the disk of the server's data folder. Workspaces are sent again by the next send; outputs are lost",
    },
  ]
}

/** What the server knows of one host without asking it. */
export function hostFindings(core: Core, host: FleetHost, viewer: Viewer): DoctorFinding[] {
  return [...knownFindings(core, host), ...crashFindings(core, host, viewer), ...leftoverFindings(core, host, viewer)]
}

function knownFindings(core: Core, host: FleetHost): DoctorFinding[] {
  const { name, facts } = host.record
  const findings: DoctorFinding[] = []
  const add = (level: DoctorFinding["level"], code: string, text: string, fix: string | null = null) =>
    findings.push({ subject: name, code, level, text, fix })
  const leaving = host.record.leaving
  const hasLeft = leaving?.phase === "left"
  if (host.link === "ready") add("ok", "link", `an agent answers on ${facts?.system ?? "it"}`)
  else if (!hasLeft)
    add(host.link === "refused" ? "problem" : "warning", `link_${host.link}`, host.reason ?? `it is ${host.link}`)
  if (leaving !== null) {
    const fix = hasLeft
      ? `Forget it: windfall host rm ${name}`
      : `If it is gone for good: windfall host rm ${name} --forget`
    add("warning", "leaving", hasLeft ? leftText(host.record) : "it is leaving the pool", fix)
  }
  if (hasLeft) return findings
  findings.push(...unknownFindings(core.store.server, host))
  const away = core.table.onHost(host.record.id).filter(({ attempt }) => attempt.outOfContactSince !== null)
  if (away.length > 0) {
    const jobs = away.map(({ job }) => job.id).join(", ")
    const text = away.length === 1 ? `job ${jobs} is there, out of contact` : `jobs ${jobs} are there, out of contact`
    add("warning", "out_of_contact", text)
  }
  const free = host.diskFreeBytes ?? facts?.diskFreeBytes
  if (free !== undefined && free < LOW_DISK_BYTES) {
    add("warning", "disk_low", `only ${formatBytes(free)} are free`, "Make room on the host")
  }
  findings.push(...diskFindings(host))
  const traits = facts?.accountTraits ?? []
  if (facts !== null && traits.length > 0) {
    add(
      needsConsent(traits) ? "warning" : "note",
      "account_of_owner",
      `jobs run there as ${facts.user}, ${accountText(traits)}. ${exposureText(facts.user)}`,
      "Make an account for jobs there and let that one join: windfall host account",
    )
  } else if (facts !== null) {
    const text = `all jobs there run as ${facts.user}: they can read each other's files and that account's`
    add(
      "note",
      "shared_account",
      text,
      "Give Windfall an account of its own there; only so a process that hid from its job can be told from others",
    )
  }
  return findings
}
