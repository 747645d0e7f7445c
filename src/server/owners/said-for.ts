import { ruleViews } from "../../presence/rules-held.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import { NO_LEVER } from "../../protocol/owner.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import type { Viewer } from "../jobs/job-view.ts"

/** Whether this person sees of a host what concerns its owner: whose it is, and administrators. */
export function seesAll(viewer: Viewer, { owner }: Pick<HostView, "owner">): boolean {
  return viewer.role === "admin" || viewer.user === owner
}

/**
 * What was said of a host, as this person may see it. To others the rules are the terms by which it is lent: what they are, and not who has said
 * them, nor whom a list names, and so whom it leaves out (`takesYours` says it of who asks). Of pauses they see what follows (`obstacles`).
 */
export function saidFor(
  { record, policy }: FleetHost,
  viewer: Viewer,
): Pick<HostView, "consoleAccount" | "lever" | "preset" | "policy"> {
  const { consoleAccount, lever } = record
  const { preset, values, from } = policy
  const rules = ruleViews(policy, lever.rules)
  if (seesAll(viewer, record)) return { consoleAccount, lever, preset, policy: rules }
  // A fleet's says an administrator for all of its hosts, and `fleet policy` shows it.
  const isList = from.who === "owner" && typeof values.who !== "string" && values.who.length > 0
  const shown = rules.filter(({ name }) => name !== "who" || !isList).map((rule) => ({ ...rule, by: null }))
  return { consoleAccount: null, lever: NO_LEVER, preset, policy: shown }
}

type LeverEvent = Extract<WindfallEvent, { type: "host_lever" }>

/** An act with the lever as this person may see it: that there was one, and what it was, everybody sees. */
export function leverSeenBy(core: Core, viewer: Viewer, event: LeverEvent): LeverEvent {
  const owner = core.fleet.get(event.host)?.record.owner ?? null
  if (seesAll(viewer, { owner }) || event.actor === viewer.user) return event
  return { ...event, actor: "somebody who may", what: event.what.replace(/(^|; )who: [^;]*/g, "$1who: said anew") }
}
