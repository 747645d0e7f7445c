import { formatBytes } from "../../base/bytes.ts"
import { needsConsent } from "../../protocol/account-traits.ts"
import type { HostView } from "../../protocol/host.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const hostLs = command({
  name: "host ls",
  operands: "",
  about: "Lists the hosts: what each is, whether it answers, and what is free on it.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the hosts as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const hosts = await listHosts(cli)
    if (options.json) {
      for (const host of hosts) await printJson(cli, host)
      return 0
    }
    if (hosts.length === 0) {
      await cli.stdout.write("No hosts yet. Let one join: windfall host add user@mac\n")
      return 0
    }
    await cli.stdout.write(hostTable(hosts, cli.stdout.isTerminal ? cli.stdout.columns : undefined))
    return 0
  },
})

const BY_NUMBER = new Intl.Collator("en", { numeric: true })

/** All hosts, by name: mac-2 before mac-10. */
export async function listHosts(cli: Cli): Promise<readonly HostView[]> {
  const { hosts } = await cli.client.get<{ hosts: HostView[] }>("/v1/hosts")
  return hosts.sort((a, b) => BY_NUMBER.compare(a.name, b.name))
}

/** Hosts as a table. */
export function hostTable(hosts: readonly HostView[], width: number | undefined): string {
  return renderTable(
    [
      { title: "HOST" },
      { title: "STATE" },
      { title: "CHIP" },
      { title: "MEMORY FREE", right: true },
      { title: "CORES", right: true },
      { title: "GPU", right: true },
      { title: "JOBS" },
      { title: "WHY" },
    ],
    hosts.map((host) => [
      host.name,
      hostState(host),
      host.facts?.chip ?? "-",
      `${formatBytes(host.free.memoryBytes)} of ${formatBytes(host.total.memoryBytes)}`,
      `${host.free.cores}/${host.total.cores}`,
      `${host.free.gpus}/${host.total.gpus}`,
      host.jobs.length === 0 ? "-" : host.jobs.join(" "),
      host.reason ?? host.withheld ?? "",
    ]),
    width,
  )
}

/** How a host stands, in a few words. */
export function hostState({ link, draining, leaving, withheld, facts }: HostView): string {
  if (leaving?.phase === "left") return "left"
  const isOwners = needsConsent(facts?.accountTraits ?? [])
  const marks = [
    leaving !== null && "leaving",
    draining && "draining",
    withheld !== null && "withheld",
    isOwners && "owner's account",
  ]
  return [link, ...marks.filter((mark) => mark !== false)].join(", ")
}
