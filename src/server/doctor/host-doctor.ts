import { fleetDifferences } from "../../doctor/fleet-differences.ts"
import { judge, worstFirst } from "../../doctor/judge.ts"
import type { DoctorFinding } from "../../protocol/api.ts"
import { toWindfallError } from "../../protocol/errors.ts"
import type { Core } from "../core.ts"
import { hostFindings } from "../doctor.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { accountFinding } from "../owners/account-finding.ts"
import type { TimedExamination } from "./ask-examination.ts"
import type { HostExaminations } from "./host-examinations.ts"

/** For an overview of all hosts: who is slower is told as not examined. */
const OVERVIEW_MS = 30_000

/**
 * All there is to say of one host: what the server knows, and what the host finds out about itself now. The worst first.
 * @throws {WindfallError} what keeps it from being examined
 */
export async function examineOne(
  core: Core,
  examinations: HostExaminations,
  host: FleetHost,
  { viewer, signal }: { readonly viewer: Viewer; readonly signal: AbortSignal },
): Promise<DoctorFinding[]> {
  const [examination, account] = await Promise.all([examinations.anew(host, signal), accountFinding(host, signal)])
  const judged = [...judgeHost(host, examination), ...account]
  const codes = new Set(judged.map(({ code }) => code))
  // The examination has looked at the disk more closely.
  const known = hostFindings(core, host, viewer).filter(({ code }) => !(code === "disk_low" && codes.has("disk_space")))
  return worstFirst([...known, ...judged])
}

/** A line for each host that can be asked, and what differs between hosts. Never throws. */
export async function overviewOf(
  core: Core,
  examinations: HostExaminations,
  signal: AbortSignal,
): Promise<DoctorFinding[]> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(OVERVIEW_MS)])
  const asked = core.fleet.all().filter(({ channel }) => channel !== null)
  const all = await Promise.all(
    asked.map(async (host) => {
      try {
        const found = await examinations.recent(host, within)
        return { line: lineOf(host, judgeHost(host, found)), host, head: found.examination.head }
      } catch (error) {
        return { line: notExamined(host, error), host, head: null }
      }
    }),
  )
  const versions = all.map(({ host: { record }, head }) => ({
    name: record.name,
    macos: /^macOS (\d[\d.]*)/.exec(record.facts?.system ?? "")?.[1] ?? null,
    agent: head?.agentVersion ?? null,
    uv: head?.uvVersions ?? [],
    python: head?.pythonVersions ?? [],
  }))
  return [...all.map(({ line }) => line), ...fleetDifferences(versions)]
}

function judgeHost(host: FleetHost, { examination, askedAt, answeredAt }: TimedExamination): DoctorFinding[] {
  const { name, facts } = host.record
  const hasPlaces = host.places.size > 0
  return judge(name, examination, { askedAt, answeredAt, hasPlaces, user: facts?.user ?? "the account of its jobs" })
}

const MOST_NAMED = 3

function lineOf(host: FleetHost, findings: readonly DoctorFinding[]): DoctorFinding {
  const subject = host.record.name
  const code = "checklist"
  const bad = worstFirst(findings).filter(({ level }) => level === "problem" || level === "warning")
  const unknown = findings.filter(({ level }) => level === "unknown").length
  const open = unknown === 0 ? "" : `; ${unknown} of ${findings.length} could not be found out`
  const fix = `windfall doctor ${subject}`
  const [worst] = bad
  if (worst === undefined) {
    return {
      subject,
      code,
      level: "ok",
      text: `its checklist has nothing against it${open}`,
      fix: unknown === 0 ? null : fix,
    }
  }
  const named = bad.slice(0, MOST_NAMED).map((one) => one.code)
  const more = bad.length > MOST_NAMED ? ` and ${bad.length - MOST_NAMED} more` : ""
  const text = `its checklist has ${counted(bad)}: ${named.join(", ")}${more}${open}. ${worst.text}`
  return { subject, code, level: worst.level, text, fix }
}

function counted(bad: readonly DoctorFinding[]): string {
  const problems = bad.filter(({ level }) => level === "problem").length
  const warnings = bad.length - problems
  const parts = [
    problems > 0 && `${problems} ${problems === 1 ? "problem" : "problems"}`,
    warnings > 0 && `${warnings} ${warnings === 1 ? "warning" : "warnings"}`,
  ]
  return parts.filter((part) => part !== false).join(" and ")
}

function notExamined(host: FleetHost, error: unknown): DoctorFinding {
  const { message } = toWindfallError(error, `examine ${host.record.name}`)
  const text = `its checklist could not be gone through: ${message}`
  return {
    subject: host.record.name,
    code: "checklist",
    level: "unknown",
    text,
    fix: `windfall doctor ${host.record.name}`,
  }
}
