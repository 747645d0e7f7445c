import { publicText } from "../../presence/public-text.ts"
import { ruleViews } from "../../presence/rules-held.ts"
import type { HostView } from "../../protocol/host.ts"
import { closedText } from "../../protocol/host-bars.ts"
import type { HostObstacle } from "../../protocol/owner.ts"
import type { JobThere, OwnerView } from "../../protocol/owner-api.ts"
import type { Core } from "../core.ts"
import { type FleetHost, usersOf } from "../fleet/fleet-host.ts"
import { withheldReason } from "../fleet/withheld.ts"
import { mayRule, type Viewer } from "../jobs/job-view.ts"
import { obstaclesOf, publicObstacle } from "./host-rules.ts"
import { saidFor, seesAll } from "./said-for.ts"

/** What holds on a host for its owner's sake, as this person may see it. */
export function ownerView(core: Core, host: FleetHost, viewer: Viewer): OwnerView {
  const { id, name, fleet, owner, lever, facts } = host.record
  const policy = ruleViews(host.policy, lever.rules)
  const { draining, leaving } = host.record
  const withheld = withheldReason(host.record.leftovers)
  const { link, reason, total } = host
  const closed = closedText({ owner, policy, link, reason, leaving, draining, withheld, facts, total })
  return {
    host: id,
    name,
    fleet,
    owner,
    ...presenceFor(host, viewer),
    ...saidFor(host, viewer),
    closed: closed ?? closedToYou(host, viewer),
    timeZone: facts?.timeZone ?? "UTC",
    jobs: jobsThere(core, host, viewer),
    heard: heardOf(host),
  }
}

/** Who may see whom its rules name is told that. */
function closedToYou(host: FleetHost, viewer: Viewer): string | null {
  if (seesAll(viewer, host.record) || usersOf(host)?.has(viewer.user) !== false) return null
  return "its rules do not let your jobs run there (who)"
}

function heardOf({ record, channel, ownerUntaken }: FleetHost): OwnerView["heard"] {
  if (record.leaving?.phase === "left") return "never"
  return channel === null || ownerUntaken > 0 ? "next_contact" : "now"
}

/** Who it is and by what they were noticed is for the owner and administrators; others see whether somebody is there. */
export function presenceFor(host: FleetHost, viewer: Viewer): Pick<HostView, "presence" | "obstacles"> {
  const { presence, record } = host
  const obstacles = obstaclesOf(host)
  if (seesAll(viewer, record)) return { presence, obstacles }
  const plain = (all: readonly HostObstacle[]) => all.map(publicObstacle)
  if (presence === null) return { presence, obstacles: plain(obstacles) }
  const text = presence.state === "here" ? publicText("owner_here", "") : presence.text
  return { presence: { ...presence, text, obstacles: plain(presence.obstacles) }, obstacles: plain(obstacles) }
}

function jobsThere(core: Core, host: FleetHost, viewer: Viewer): JobThere[] {
  const here = core.table.onHost(host.record.id).filter(({ attempt }) => attempt.state !== "ended")
  return here.map(({ job, attempt }) => ({
    job: job.id,
    name: mayRule(viewer, job) || viewer.user === host.record.owner ? job.spec.name : null,
    user: job.user,
    state: attempt.state,
    since: attempt.startedAt,
    suspended: attempt.suspended,
    memoryBytes: attempt.lease.memoryBytes,
    usesGpu: attempt.lease.gpus > 0,
  }))
}
