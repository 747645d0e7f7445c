import { formatBytes } from "../../base/bytes.ts"
import { deferred } from "../../base/deferred.ts"
import type { JoinStep } from "../../protocol/api.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostForgivenView, HostView } from "../../protocol/host.ts"
import type { LeaveStep, ServerKeyAnswer } from "../../protocol/lending.ts"
import { changeHost, removeHost } from "../fleet/change-host.ts"
import { forgiveCrashes } from "../fleet/crash-findings.ts"
import { hostView } from "../fleet/host-view.ts"
import { checkOwner } from "../owners/check-owner.ts"
import { nothing } from "./answers/answer.ts"
import {
  host as hostAnswer,
  hostForgiven,
  hostList,
  hostScan,
  joinStep,
  leaveStep,
  serverKey,
} from "./answers/host-answers.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import {
  empty,
  hostAddRequest,
  hostDiskRequest,
  hostLeaveRequest,
  hostRekeyRequest,
  hostScanRequest,
} from "./schemas.ts"
import { streamed } from "./stream.ts"

export const hostRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/server-key",
    summary: "Shows the line that lets the server in on a host",
    answer: serverKey,
    respond: async ({ api }): Promise<ServerKeyAnswer> => ({ line: await api.hosts.publicLine() }),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/scan",
    summary: "Asks a machine for its host key; changes nothing",
    answer: hostScan,
    admin: "look at a machine",
    body: hostScanRequest,
    respond: ({ api, body, signal }) => api.hosts.scan(body, { signal }),
  }),
  route({
    method: "POST",
    path: "/v1/hosts",
    summary: "Adds a host: one line of JSON for each step, the last one done or failed",
    item: joinStep,
    admin: "add a host",
    body: hostAddRequest,
    produces: "application/x-ndjson",
    respond: (request) => {
      const { api, core, body, caller, remember, lasts } = request
      checkOwner(core, body.owner)
      const over = deferred<void>()
      lasts(over.promise)
      const join = (gone: AbortSignal) =>
        api.hosts.add(body, {
          actor: caller.user,
          signal: gone,
          admitted: (host) => remember(line({ step: "done", host })),
        })
      return streamed(request, (gone) => lines(request, join(gone)), {
        headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
        onEnd: () => over.resolve(),
      })
    },
  }),
  route({
    method: "GET",
    path: "/v1/hosts",
    summary: "Lists the hosts by name",
    answer: hostList,
    respond: ({ core, caller }): { hosts: HostView[] } => ({
      hosts: core.fleet.all().map((host) => hostView(core, host, caller)),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/hosts/:host",
    summary: "Shows a host",
    answer: hostAnswer,
    respond: ({ core, caller, params }): HostView => hostView(core, core.fleet.find(params.host ?? ""), caller),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/drain",
    summary: "Gives the host no new jobs",
    answer: hostAnswer,
    admin: "drain a host",
    body: empty,
    change: (request) => setDraining(request, true),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/resume",
    summary: "Gives the host jobs again",
    answer: hostAnswer,
    admin: "resume a host",
    body: empty,
    change: (request) => setDraining(request, false),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/rekey",
    summary: "Pins another host key, which the host must show now",
    answer: hostAnswer,
    admin: "change a host's key",
    body: hostRekeyRequest,
    prepare: ({ api, core, params, body, signal }) =>
      api.hosts.rekey(core.fleet.find(params.host ?? "").record, body.hostKey, { signal }),
    change: ({ api, core, caller, params, body }) => {
      const host = core.fleet.find(params.host ?? "")
      if (host.record.hostKey === body.hostKey) return hostView(core, host, caller)
      core.ledger.afterCommit(() => api.hosts.keep(host.record))
      return changeHost(core, host, { hostKey: body.hostKey }, "its host key was changed", caller.user)
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/disk",
    summary: "Says what Windfall may hold on the host's disk",
    answer: hostAnswer,
    admin: "set what a host may hold",
    body: hostDiskRequest,
    change: ({ core, caller, params, body }) => {
      const host = core.fleet.find(params.host ?? "")
      const { limitBytes } = body
      if (host.record.diskLimitBytes === limitBytes) return hostView(core, host, caller)
      const what = `may hold ${limitBytes === null ? "what it reckons itself" : `at most ${formatBytes(limitBytes)}`}`
      const view = changeHost(core, host, { diskLimitBytes: limitBytes }, what, caller.user)
      core.ledger.send(host, { type: "disk-limit", bytes: limitBytes })
      return view
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/forgive",
    summary: "Forgets the host's crashes: jobs that do not go there any more do so again",
    answer: hostForgiven,
    admin: "forgive a host its crashes",
    body: empty,
    change: ({ core, caller, params }): HostForgivenView => {
      const host = core.fleet.find(params.host ?? "")
      const forgiven = forgiveCrashes(core, host)
      if (forgiven === 0) return { ...hostView(core, host, caller), forgiven }
      const what = "its crashes are forgiven: jobs that did not go there any more do so again"
      return { ...changeHost(core, host, {}, what, caller.user), forgiven }
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/leave",
    summary: "Lets a host leave: one line of JSON for each step. What has begun goes on when nobody reads",
    item: leaveStep,
    admin: "let a host leave",
    body: hostLeaveRequest,
    produces: "application/x-ndjson",
    repeats: "anew",
    respond: async (request) => {
      const { api, core, caller, params, body } = request
      const { id } = core.fleet.find(params.host ?? "").record
      await core.ledger.change(() => api.departures.ask(core.fleet.find(id), { actor: caller.user, now: body.now }))
      return streamed(request, (gone) => encoded(api.departures.watch(id, gone)), {
        headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
      })
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/hosts/:host",
    summary: "Forgets a host without cleaning it; what it still held is lost",
    answer: nothing,
    admin: "remove a host",
    respond: async ({ api, core, caller, params }) => {
      const { id } = core.fleet.find(params.host ?? "").record
      const busy = core.table
        .onHost(id)
        .filter(({ attempt }) => attempt.state === "running" || attempt.state === "suspended").length
      if (busy > 0 && core.fleet.find(id).channel !== null) {
        throw new WindfallError("host_busy", `Cannot remove the host: ${busy} jobs run there`, {
          hint: "Drain it and wait, or stop its jobs: windfall host drain",
        })
      }
      await core.ledger.change(() => removeHost(core, core.fleet.find(id), caller.user))
      await api.hosts.release(id, { unclaim: true })
      return {}
    },
  }),
]

function setDraining({ core, caller, params }: ApiRequest, draining: boolean): HostView {
  const host = core.fleet.find(params.host ?? "")
  if (host.record.draining === draining) return hostView(core, host, caller)
  return changeHost(core, host, { draining }, draining ? "drained" : "resumed", caller.user)
}

async function* lines({ core, remember }: ApiRequest, steps: AsyncGenerator<JoinStep>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  try {
    for await (const step of steps) {
      // It was remembered when it was admitted; by now more is known of it.
      if (step.step === "done") await core.ledger.change(() => remember(line(step)))
      yield encoder.encode(line(step))
    }
  } catch (error) {
    yield encoder.encode(line({ step: "failed", error: toWindfallError(error, "add the host").toBody().error }))
  }
}

async function* encoded(steps: AsyncGenerator<LeaveStep>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const step of steps) yield encoder.encode(`${JSON.stringify(step)}\n`)
}

function line(step: JoinStep): string {
  return `${JSON.stringify(step)}\n`
}
