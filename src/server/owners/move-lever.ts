import { durationText } from "../../base/duration.ts"
import { checkLever, hasOwner, type LeverAct } from "../../presence/lever.ts"
import { paused, pausesOf, resumed, ruled, type Saying } from "../../presence/move-lever.ts"
import { readPauseEnd, type Speaker } from "../../presence/pause.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readDuration } from "../../protocol/job-values.ts"
import type { PauseRequest, RulesRequest } from "../../protocol/owner-api.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { checkWho } from "./check-owner.ts"
import { keepLever, sendOwner } from "./lever-words.ts"

const MINUTE_MS = 60_000
/** As readPauseEnd() has it. */
const LONGEST_MS = 90 * 86_400_000

/** No jobs on the host until then. Within a change. @throws {WindfallError} `not_allowed`, `invalid_input` */
export function pauseHost(core: Core, host: FleetHost, caller: Caller, request: PauseRequest): void {
  const saying = sayingOf(core, host, caller, "pause")
  move(core, host, paused(host.record.lever, saying, pauseEnd(host, request, saying.wallMs)))
}

/** Takes back what this caller may of what was paused. Within a change. @throws {WindfallError} `not_allowed` */
export function resumeHost(core: Core, host: FleetHost, caller: Caller): void {
  move(core, host, resumed(host.record.lever, sayingOf(core, host, caller, "resume"), hasOwner(host.record)))
}

/** Sets rules of the host, or takes them back. Within a change. @throws {WindfallError} `not_allowed`, `invalid_input` */
export function ruleHost(core: Core, host: FleetHost, caller: Caller, { rules }: RulesRequest): void {
  const lever = ruled(host.record.lever, sayingOf(core, host, caller, "rules"), rules)
  checkWho(core, rules)
  move(core, host, lever)
}

/** Durable here first; the host hears it then, or at its next contact. */
function move(core: Core, host: FleetHost, lever: FleetHost["record"]["lever"]): void {
  if (lever === host.record.lever) return
  keepLever(core, host, lever, "elsewhere")
  sendOwner(core, host)
}

function sayingOf(core: Core, { record }: FleetHost, caller: Caller, act: LeverAct): Saying {
  const speaker = speakerOf(record.owner, caller)
  const { name, lever } = record
  const wallMs = core.clock.now()
  // What is over binds nobody.
  const pauses = pausesOf(lever).filter(({ untilMs }) => untilMs === null || untilMs > wallMs)
  checkLever(speaker, act, { name, hasOwner: hasOwner(record), pauses })
  return { speaker, by: caller.user, wallMs }
}

function speakerOf(owner: string | null, { user, role }: Caller): Speaker {
  if (user === owner) return "owner"
  return role === "admin" ? "admin" : "other"
}

/** By the clock on the wall of the host. */
function pauseEnd(host: FleetHost, { for: long, until }: PauseRequest, now: number): number | null {
  const timeZone = host.policy.values.timeZone ?? host.record.facts?.timeZone ?? "UTC"
  try {
    if (long !== null && until !== null) throw new SyntaxError("either for so long, or until a time")
    if (typeof until === "number") {
      if (until > now && until <= now + LONGEST_MS) return until
      throw new SyntaxError(`until is not within the next ${durationText(LONGEST_MS)}`)
    }
    if (long !== null) return now + readDuration(long, MINUTE_MS, LONGEST_MS)
    if (until === null || until.trim() === "today") return readPauseEnd(until ?? "", now, timeZone)
    return readPauseEnd(`until ${until.trim()}`, now, timeZone)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new WindfallError("invalid_input", `Cannot pause ${host.record.name}: ${error.message}`, {
      hint: "For instance for 2h, until 18:00, or until today is over",
    })
  }
}
