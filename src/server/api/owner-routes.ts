import type { AcceptedLook } from "../../protocol/account-look.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { FleetView, HostOwnerView, OwnerView } from "../../protocol/owner-api.ts"
import { changeHost } from "../fleet/change-host.ts"
import { setHiveNets } from "../fleet/hive-nets.ts"
import { hostView } from "../fleet/host-view.ts"
import { checkConsoleAccount, checkOwner } from "../owners/check-owner.ts"
import { fleetView, fleetViews, setFleetPolicy } from "../owners/fleet-policy.ts"
import { sendOwner } from "../owners/lever-words.ts"
import { pauseHost, resumeHost, ruleHost } from "../owners/move-lever.ts"
import { ownerView } from "../owners/owner-view.ts"
import { hostOwner } from "./answers/host-answers.ts"
import { fleet, fleetList, owner } from "./answers/owner-answers.ts"
import {
  fleetName,
  fleetPolicyRequest,
  hiveNetworkRequest,
  hostOwnerRequest,
  pauseRequest,
  rulesRequest,
} from "./owner-schemas.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import { empty } from "./schemas.ts"

/** What a host has said of an account before its owner is stored. */
const looks = new WeakMap<object, AcceptedLook>()

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
    answer: hostOwner,
    admin: "say whose host it is",
    body: hostOwnerRequest,
    prepare: async (request) => {
      const { core, params, body, signal } = request
      const { record, channel, link } = core.fleet.find(params.host ?? "")
      checkOwner(core, body.owner)
      const { consoleAccount } = body
      if (consoleAccount === undefined || consoleAccount === null) return
      if (channel === null) looks.set(request, { found: "unknown", reason: `it is ${link}` })
      else looks.set(request, await checkConsoleAccount(channel, consoleAccount, record.name, signal))
    },
    change: (request): HostOwnerView => {
      const { core, caller, params, body } = request
      const host = core.fleet.find(params.host ?? "")
      const accountLook = looks.get(request) ?? null
      checkOwner(core, body.owner)
      const { owner: before, consoleAccount: accountBefore } = host.record
      const { owner: whose = before, consoleAccount = accountBefore } = body
      if (whose === before && consoleAccount === accountBefore) return { ...hostView(core, host, caller), accountLook }
      const what = [
        ...(whose === before ? [] : [`owner: ${whose ?? "nobody"}`]),
        ...(consoleAccount === accountBefore ? [] : [`the owner's account there: ${consoleAccount ?? "not known"}`]),
      ]
      const view = changeHost(core, host, { owner: whose, consoleAccount }, what.join("; "), caller.user)
      sendOwner(core, host)
      return { ...view, accountLook }
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
  route({
    method: "POST",
    path: "/v1/fleets/:fleet/hive-network",
    summary: "Says which networks members of served models on hosts of a fleet may talk over, unencrypted; none: none",
    answer: fleet,
    admin: "say which networks members of hives may talk over",
    body: hiveNetworkRequest,
    change: ({ core, caller, params, body }) => {
      const name = readFleet(params.fleet ?? "")
      setHiveNets(core, name, body, caller.user)
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
