import { formatBytes } from "../../base/bytes.ts"
import { formatDuration } from "../../base/duration.ts"
import { clockText } from "../../presence/clock-text.ts"
import { POLICY_FIELDS, POLICY_KEYS } from "../../presence/policy-values.ts"
import { sayerText } from "../../presence/rules-held.ts"
import type { HostRule } from "../../protocol/host.ts"
import { startText } from "../../protocol/host-bars.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import type { JobThere, OwnerView } from "../../protocol/owner-api.ts"
import { renderPairs, renderTable } from "./table.ts"
import { seenAgoText } from "./vitals-text.ts"

/** What holds on a host for its owner's sake, for people. */
export function ownerPage(view: OwnerView, now: number): string {
  const { lever, timeZone } = view
  const pauses = Object.values(lever.pauses).flatMap(({ by, pause }) =>
    pause === null || (pause.until !== null && pause.until <= now)
      ? []
      : [
          `by ${by}, ${pause.until === null ? "until it is resumed" : `until ${clockText(pause.until, now, timeZone)}`}`,
        ],
  )
  const own = view.policy.filter(({ from }) => from !== "preset")
  return renderPairs([
    ["host", view.name],
    ["owner", ownerText(view)],
    ["now", startText(view)],
    ["there", view.presence === null ? "not told yet" : presenceText(view.presence, now)],
    ...pauses.map((text) => ["paused", text] as const),
    ...(view.jobs.length === 0
      ? [["jobs", "none"] as const]
      : view.jobs.map((job) => ["job", jobText(job, now, timeZone)] as const)),
    ["rules", own.length === 0 ? `as the preset ${view.preset} has them` : `preset ${view.preset}, and`],
    ...own.map((rule) => ["", `${rule.name}: ${rule.value} (${sayerText(rule, view.preset)} said so)`] as const),
    ...(view.heard === "next_contact" ? [["contact", "none now: what is said holds at the next one"] as const] : []),
    ...(view.heard === "never" ? [["contact", `none any more. ${wayBackText(view)}`] as const] : []),
  ])
}

/** One line on what an act came to. */
export function leverLine(view: OwnerView): string {
  if (view.heard === "never") {
    return `${view.name} has left the pool: no job runs there, and what is said of it now changes nothing there.\n${wayBackText(view)}\n`
  }
  const later = view.heard === "now" ? "" : " (it cannot be reached now, and obeys at the next contact)"
  return `${view.name}: ${startText(view)}${later}\n`
}

/** How a Mac that has left comes back. All that was said of it is forgotten with it. */
function wayBackText({ name }: Pick<OwnerView, "name">): string {
  return `To have it back: an administrator forgets it (windfall host rm ${name}), then it joins anew (windfall invite mac, or windfall host add); rules and pauses are said anew, too.`
}

/** Every rule with where it comes from and what it means. */
export function rulesTable(rules: readonly HostRule[], preset: string, width: number | undefined): string {
  const help = new Map(POLICY_KEYS.map((key) => [POLICY_FIELDS[key].name, POLICY_FIELDS[key].help]))
  return renderTable(
    [{ title: "RULE" }, { title: "VALUE" }, { title: "SAID BY" }, { title: "MEANS" }],
    rules.map((rule) => [rule.name, rule.value, sayerText(rule, preset), help.get(rule.name) ?? ""]),
    width,
  )
}

function ownerText({ owner, consoleAccount }: OwnerView): string {
  if (owner === null && consoleAccount === null) return "nobody in particular"
  const account = consoleAccount === null ? "" : `account ${consoleAccount} there`
  return [owner ?? "", account].filter((part) => part !== "").join(", ")
}

function presenceText(presence: HostPresence, now: number): string {
  const old = presence.state === "here" || presence.state === "away" ? seenAgoText(presence, now) : null
  return old === null ? freshText(presence, now) : `${freshText(presence, now)}; ${old}`
}

function freshText({ state, since, text }: HostPresence, now: number): string {
  const long = formatDuration(Math.max(0, now - since))
  if (state === "unwatched") return "nobody is looked for"
  if (state === "away") return `nobody for ${long}`
  // Mostly it begins with the state itself.
  const why = text.startsWith(`${state} (`)
    ? ` ${text.slice(state.length + 1)}`
    : text === ""
      ? ""
      : `: ${text.replace(/^not known: /, "")}`
  return `${state} for ${long}${why}`
}

function jobText({ job, name, user, since, suspended, memoryBytes, usesGpu }: JobThere, now: number, timeZone: string) {
  const title = `${job}${name === null ? "" : ` (${name})`} of ${user}`
  const holds = [...(memoryBytes === null ? [] : [formatBytes(memoryBytes)]), ...(usesGpu ? ["the GPU"] : [])]
  const from = since === null ? "" : `, since ${clockText(since, now, timeZone)}`
  const stopped =
    suspended === null ? "" : `: stopped since ${clockText(suspended.since, now, timeZone)} (${suspended.text})`
  return `${title}, ${holds.join(" and ")}${from}${stopped}`
}
