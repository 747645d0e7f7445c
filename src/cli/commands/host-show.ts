import { formatBytes } from "../../base/bytes.ts"
import { closest } from "../../base/closest.ts"
import { accountText } from "../../protocol/account-traits.ts"
import type { BookingList, BookingView } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView, StrayView } from "../../protocol/host.ts"
import { heldText } from "../../protocol/host-disk.ts"
import { standingOf } from "../../protocol/host-standing.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { formatTime } from "../render/age.ts"
import { bookedLines } from "../render/booked-lines.ts"
import { macFactPairs, vitalsPairs } from "../render/host-facts-text.ts"
import { networkPairs } from "../render/network-text.ts"
import { renderPairs } from "../render/table.ts"
import { printJson } from "../say.ts"
import { hostState, listHosts } from "./host-ls.ts"

export const hostShow = command({
  name: "host show",
  operands: "HOST",
  about:
    "Shows all about one host: address, hardware, system, what is free, what runs there, and how it is now. Of what is not known it says why.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print the host as JSON, with `standing` saying whether it is free") },
  examples: [],
  async run(cli, options, [name = ""]) {
    const host = await findHost(cli, name)
    if (options.json) await printJson(cli, { ...host, standing: standingOf(host) })
    else {
      const { bookings } = await cli.client.get<BookingList>("/v1/bookings")
      await cli.stdout.write(hostPage(host, cli.clock.now(), bookings))
    }
    return 0
  },
})

/** The host of this name or id. @throws {WindfallError} `host_not_found`, with the nearest name */
export async function findHost(cli: Cli, typed: string): Promise<HostView> {
  const hosts = await listHosts(cli)
  const host = hosts.find((one) => one.name === typed) ?? hosts.find((one) => one.id === typed)
  if (host !== undefined) return host
  const near = closest(
    typed,
    hosts.map((one) => one.name),
  )
  throw new WindfallError(
    "host_not_found",
    `Cannot find the host ${JSON.stringify(typed.slice(0, 80))}: no host has this name`,
    {
      hint: near === undefined ? "See the hosts: windfall host ls" : `Did you mean ${near}?`,
    },
  )
}

/** All of a host for people. @param bookings those in force and to come, as far as they are to be in it */
export function hostPage(host: HostView, now: number, bookings: readonly BookingView[] = []): string {
  const { facts } = host
  return renderPairs([
    ["host", host.name],
    ["address", host.port === null ? host.address : `${host.address} port ${host.port}`],
    ["state", `${hostState(host)}${host.reason === null ? "" : `: ${host.reason}`}`],
    ["since", formatTime(host.since)],
    ...(host.withheld === null ? [] : [["withheld", host.withheld] as const]),
    ...host.strays.map((stray) => ["stray", strayText(stray)] as const),
    ...(host.owner === null ? [] : [["owner", host.owner] as const]),
    ...(host.consoleAccount == null ? [] : [["owner's account", host.consoleAccount] as const]),
    ...(host.obstacles ?? []).map(({ text }) => ["no job starts", text] as const),
    ...bookedLines(host.id, bookings, now).map((line) => ["booked", line] as const),
    ["fleet", host.fleet],
    ...Object.entries(host.labels).map(([name, value]) => ["label", `${name}=${value}`] as const),
    ["key", host.hostKey],
    [
      "memory",
      `${formatBytes(host.freeNowBytes ?? host.free.memoryBytes)} free of ${formatBytes(host.total.memoryBytes)}`,
    ],
    ["cores", `${host.free.cores} free of ${host.total.cores}`],
    ["GPUs", `${host.free.gpus} free of ${host.total.gpus}`],
    ["jobs", host.jobs.length === 0 ? "none" : host.jobs.join(" ")],
    ...vitalsPairs(host.vitals ?? null, now),
    ...networkPairs(host),
    ...(facts === null
      ? []
      : ([
          ...(facts.mac === undefined
            ? [["chip", facts.chip] as const, ...(facts.model === null ? [] : [["model", facts.model] as const])]
            : macFactPairs(facts.mac, facts.gpuMemoryBytes)),
          ["system", `${facts.system} (${facts.arch})`],
          ["account", `${facts.user} in ${facts.home}${accountNote(host)}`],
          ["disk", `${formatBytes(facts.diskFreeBytes)} free`],
          ...(host.disk == null ? [] : [["held", heldText(host.disk)] as const]),
          ...(host.diskLimitBytes === null ? [] : [["disk limit", formatBytes(host.diskLimitBytes)] as const]),
          ...(facts.timeZone === null ? [] : [["time zone", facts.timeZone] as const]),
        ] as const)),
  ])
}

function accountNote({ facts }: HostView): string {
  const traits = facts?.accountTraits ?? []
  return traits.length === 0 ? "" : ` (${accountText(traits)})`
}

function strayText({ pid, command, job, certain, memoryBytes, since }: StrayView): string {
  const name = command === null ? "" : ` (${command})`
  const owner = `${certain ? "of" : "probably of"} ${job === null ? "an ended job" : `job ${job}`}`
  return `process ${pid}${name} ${owner}, ${formatBytes(memoryBytes)}, since ${formatTime(since)}`
}
