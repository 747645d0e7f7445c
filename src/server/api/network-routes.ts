import * as z from "zod"
import { LEAST_BENCH_MS, MOST_BENCH_MS } from "../../protocol/bench-talk.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import type { BenchStep, DiscoverAnswer } from "../../protocol/network-api.ts"
import { checkAddress, checkHostKey } from "../../ssh/ssh-arguments.ts"
import { changeHost } from "../fleet/change-host.ts"
import { hostView } from "../fleet/host-view.ts"
import { bench } from "../network/bench.ts"
import { discover } from "../network/discover.ts"
import { host as hostAnswer } from "./answers/host-answers.ts"
import { benchStep, discovered } from "./answers/network-answers.ts"
import { type Route, route } from "./route.ts"
import { streamed } from "./stream.ts"

const end = z.string().min(1).max(253)
const benchRequest = z.strictObject({
  between: end,
  and: end,
  durationMs: z.int().min(LEAST_BENCH_MS).max(MOST_BENCH_MS).nullable().default(null),
})
const wakeRequest = z.strictObject({ wake: z.boolean() })
const addressRequest = z.strictObject({
  address: z.string().min(1).max(1024),
  port: z.int().min(1).max(65_535).nullable().default(null),
  hostKey: z.string().min(1).max(16_384).nullable().default(null),
})

export const networkRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/discover",
    summary: "Asks the server's net what offers ssh, which takes some seconds; changes nothing",
    answer: discovered,
    admin: "look for machines",
    respond: ({ core, signal }): Promise<DiscoverAnswer> => discover(core, signal),
  }),
  route({
    method: "POST",
    path: "/v1/bench",
    summary:
      "Measures between two hosts, or the server and one: one line of JSON for each step, the last one done or failed",
    item: benchStep,
    admin: "measure the network",
    body: benchRequest,
    produces: "application/x-ndjson",
    repeats: "anew",
    respond: (request) =>
      streamed(request, (gone) => lines(bench(request.core, request.body, gone)), {
        headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
      }),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/wake",
    summary: "Says whether the host may be woken for jobs",
    answer: hostAnswer,
    admin: "say whether a host is woken",
    body: wakeRequest,
    change: ({ core, caller, params, body: { wake } }) => {
      const host = core.fleet.find(params.host ?? "")
      const { network } = host.record
      if (network.wake === wake) return hostView(core, host, caller)
      const what = wake ? "is woken for jobs when it sleeps" : "is not woken for jobs any more"
      return changeHost(core, host, { network: { ...network, wake } }, what, caller.user)
    },
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/address",
    summary: "Says where the host is reached, which must show its key there",
    answer: hostAnswer,
    admin: "change a host's address",
    body: addressRequest,
    prepare: async ({ api, core, params, body, signal }) => {
      const { record } = core.fleet.find(params.host ?? "")
      const hostKey = body.hostKey ?? record.hostKey
      if (record.address.startsWith("local:") || body.address.startsWith("local:")) {
        throw new WindfallError(
          "invalid_input",
          `Cannot change the address of ${record.name}: this very machine has none`,
        )
      }
      checkAddress(body.address)
      checkHostKey(hostKey)
      checkKeyFree(
        core.fleet.all().map((host) => host.record),
        record.name,
        hostKey,
      )
      await api.hosts
        .rekey({ ...record, address: body.address, port: body.port }, hostKey, { signal })
        .catch((error) => {
          if (!(error instanceof WindfallError) || error.code !== "host_key_unconfirmed") throw error
          throw new WindfallError(
            "host_key_unconfirmed",
            `Cannot change the address of ${record.name}: ${body.address} shows another host key, ${String(error.details?.fingerprint)}`,
            {
              hint: `If it is ${record.name}, set up anew, compare that key with the one shown there and confirm it: windfall host set ${record.name} --address ${body.address}`,
              details: error.details,
            },
          )
        })
    },
    change: ({ api, core, caller, params, body }): HostView => {
      const host = core.fleet.find(params.host ?? "")
      const { address, port, hostKey } = { ...body, hostKey: body.hostKey ?? host.record.hostKey }
      const { record } = host
      if (record.address === address && record.port === port && record.hostKey === hostKey) {
        return hostView(core, host, caller)
      }
      core.ledger.afterCommit(() => api.hosts.keep(host.record))
      const key = record.hostKey === hostKey ? "" : ", with a new host key"
      const what = `is reached at ${address}${port === null ? "" : ` port ${port}`}${key}`
      return changeHost(core, host, { address, port, hostKey }, what, caller.user)
    },
  }),
]

function checkKeyFree(
  records: readonly { readonly name: string; readonly hostKey: string }[],
  name: string,
  hostKey: string,
): void {
  const other = records.find((record) => record.name !== name && record.hostKey === hostKey)
  if (other === undefined) return
  throw new WindfallError(
    "name_taken",
    `Cannot change the address of ${name}: that is ${other.name}, by its host key`,
    {
      hint: `windfall host show ${other.name}`,
    },
  )
}

async function* lines(steps: AsyncGenerator<BenchStep>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const step of steps) yield encoder.encode(`${JSON.stringify(step)}\n`)
}
