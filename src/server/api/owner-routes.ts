import { WindfallError } from "../../protocol/errors.ts"
import type { FleetView, OwnerView } from "../../protocol/owner-api.ts"
import { changeHost } from "../fleet/change-host.ts"
import { hostView } from "../fleet/host-view.ts"
import { fleetView, fleetViews, setFleetPolicy } from "../owners/fleet-policy.ts"
import { sendOwner } from "../owners/lever-words.ts"
import { pauseHost, resumeHost, ruleHost } from "../owners/move-lever.ts"
import { ownerView } from "../owners/owner-view.ts"
import { host as hostAnswer } from "./answers/host-answers.ts"
import { fleet, fleetList, owner } from "./answers/owner-answers.ts"
import { fleetName, fleetPolicyRequest, hostOwnerRequest, pauseRequest, rulesRequest } from "./owner-schemas.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import { empty } from "./schemas.ts"

/** What is said of hosts for the sake of their owners. Who may say what is presence/lever.ts's. */
export const ownerRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/hosts/:host/owner",
    summary: "Shows who is at a host, what its owner has said, and what follows",
    answer: owner,
    respond: (request): OwnerView => shown(request),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/owner",
    summary: "Says whose host it is",
    answer: hostAnswer,
    admin: "say whose host it is",
    body: hostOwnerRequest,
    change: ({ core, caller, params, body }) => {
      const host = core.fleet.find(params.host ?? "")
      const { owner: before, consoleAccount: accountBefore } = host.record
      const { owner: whose = before, consoleAccount = accountBefore } = body
      if (whose === before && consoleAccount === accountBefore) return hostView(core, host, caller)
      const what = [
        ...(whose === before ? [] : [`owner: ${whose ?? "nobody"}`]),
        ...(consoleAccount === accountBefore ? [] : [`the owner's account there: ${consoleAccount ?? "not known"}`]),
      ]
      const view = changeHost(core, host, { owner: whose, consoleAccount }, what.join("; "), caller.user)
      sendOwner(core, host)
      return view
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/owner/pause",
    summary: "No jobs on the host for a while, or until somebody resumes; for its owner and administrators",
    answer: owner,
    body: pauseRequest,
    change: (request) => {
      pauseHost(request.core, request.core.fleet.find(request.params.host ?? ""), request.caller, request.body)
      return shown(request)
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/owner/resume",
    summary: "Takes pauses back; for the host's owner, and for administrators what administrators paused",
    answer: owner,
    body: empty,
    change: (request) => {
      resumeHost(request.core, request.core.fleet.find(request.params.host ?? ""), request.caller)
      return shown(request)
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/owner/rules",
    summary: "Sets rules of the host, or takes them back with null; for its owner",
    answer: owner,
    body: rulesRequest,
    change: (request) => {
      ruleHost(request.core, request.core.fleet.find(request.params.host ?? ""), request.caller, request.body)
      return shown(request)
    },
  }),
  route({
    method: "GET",
    path: "/v1/fleets",
    summary: "Lists the fleets and what they say for all of their hosts",
    answer: fleetList,
    respond: ({ core }): { fleets: FleetView[] } => ({ fleets: fleetViews(core) }),
  }),
  route({
    method: "POST",
    path: "/v1/fleets/:fleet/policy",
    summary: "Says what holds for all hosts of a fleet, where their owners say nothing else",
    answer: fleet,
    admin: "set a fleet's policy",
    body: fleetPolicyRequest,
    change: ({ core, caller, params, body }) => {
      const name = readFleet(params.fleet ?? "")
      setFleetPolicy(core, name, body, caller.user)
      return fleetView(core, name)
    },
  }),
]

/** @throws {WindfallError} invalid_input */
function readFleet(name: string): string {
  const read = fleetName.safeParse(name)
  if (read.success) return read.data
  const reason = read.error.issues[0]?.message ?? "it is none"
  throw new WindfallError(
    "invalid_input",
    `Cannot set the policy of fleet ${JSON.stringify(name.slice(0, 80))}: ${reason}`,
    {
      hint: "windfall fleet ls has the fleets there are",
    },
  )
}

function shown({ core, caller, params }: ApiRequest): OwnerView {
  return ownerView(core, core.fleet.find(params.host ?? ""), caller)
}
