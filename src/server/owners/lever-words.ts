import { clockText } from "../../presence/clock-text.ts"
import { leverKey, mergeLevers } from "../../presence/merge-lever.ts"
import { type HostTerms, type Lever, type PauseWord, VOICES, type Voice } from "../../protocol/owner.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** What an agent must know to do as its host's owner wants while there is no server. */
export function termsOf(core: Core, { record }: FleetHost): HostTerms {
  const { name, owner, consoleAccount, fleet } = record
  return { host: name, owner, consoleAccount, fleet: core.fleet.rulesOf(fleet) }
}

/** Tells the host what holds there. Within a change. */
export function sendOwner(core: Core, host: FleetHost): void {
  host.ownerUntaken++
  core.ledger.send(host, {
    type: "owner",
    terms: termsOf(core, host),
    lever: host.record.lever,
    now: core.clock.now(),
  })
}

/** Clocks differ by less. */
const MOST_AHEAD_MS = 86_400_000

/**
 * The host has told its lever: what was said there and not known here holds here too. A word from far in the future is none: nobody
 * could ever say a later one. Within a change.
 */
export function noteLever(core: Core, host: FleetHost, told: Lever): void {
  const words = [...Object.values(told.pauses), ...(told.rules === null ? [] : [told.rules])]
  if (words.some(({ at }) => at > core.clock.now() + MOST_AHEAD_MS)) return
  const merged = mergeLevers(host.record.lever, told)
  keepLever(core, host, merged, "mac")
  // It was behind in something itself.
  if (leverKey(merged) !== leverKey(told)) sendOwner(core, host)
}

/** Stores what the lever is now, with an event for each word that is new. Within a change. */
export function keepLever(core: Core, host: FleetHost, lever: Lever, from: "mac" | "elsewhere"): void {
  const before = host.record.lever
  if (leverKey(before) === leverKey(lever)) return
  core.fleet.update(host, { ...host.record, lever })
  core.ledger.hostChanged(host)
  const { id, name, facts } = host.record
  const timeZone = facts?.timeZone ?? "UTC"
  const tell = (act: "paused" | "resumed" | "rules", what: string, by: string) =>
    core.ledger.event({ type: "host_lever", host: id, name, act, what, from }, by)
  for (const voice of VOICES) {
    const [word, old] = [lever.pauses[voice], before.pauses[voice]]
    if (word === undefined || isSame(word, old)) continue
    // One who resumes takes back the pauses of several: that is told once.
    if (word.pause === null && isToldBy(lever, before, voice)) continue
    if (word.pause === null) tell("resumed", "resumed", word.by)
    else tell("paused", pauseText(word.pause.until, core.clock.now(), timeZone), word.by)
  }
  const { rules } = lever
  if (rules !== null && JSON.stringify(rules) !== JSON.stringify(before.rules)) {
    tell("rules", rulesText(before.rules?.rules ?? {}, rules.rules), rules.by)
  }
  core.wakePlanner()
}

/** "paused until 18:00", "paused until it is resumed". */
function pauseText(until: number | null, now: number, timeZone: string): string {
  return `paused until ${until === null ? "it is resumed" : clockText(until, now, timeZone)}`
}

/** "on_return: vacate; who: as the fleet says". */
export function rulesText(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  )
  return names.map((name) => `${name}: ${after[name] ?? "taken back"}`).join("; ") || "said again"
}

function isSame(a: PauseWord, b: PauseWord | undefined): boolean {
  return b !== undefined && a.at === b.at && a.by === b.by && JSON.stringify(a.pause) === JSON.stringify(b.pause)
}

/** Whether an earlier voice has the same new word of resuming. */
function isToldBy(lever: Lever, before: Lever, voice: Voice): boolean {
  return VOICES.slice(0, VOICES.indexOf(voice)).some((other) => {
    const word = lever.pauses[other]
    return word?.pause === null && word.by === lever.pauses[voice]?.by && !isSame(word, before.pauses[other])
  })
}
