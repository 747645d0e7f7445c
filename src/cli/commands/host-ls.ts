import { needsConsent } from "../../protocol/account-traits.ts"
import type { HostView } from "../../protocol/host.ts"
import { byFreedom, byName, standingOf, takesJobs } from "../../protocol/host-standing.ts"
import type { QueueJob, QueueView } from "../../protocol/queue.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, list } from "../command-line/option.ts"
import { readLabels } from "../command-line/read-labels.ts"
import { hostLines, type SeenHost } from "../render/host-lines.ts"
import { printJson } from "../say.ts"

export const hostLs = command({
  name: "host ls",
  operands: "",
  about:
    "Lists the hosts, one line each: whether it would take a job now and why not, who is at it, the job on it, memory free for jobs, GPU in use, and what it is. Those that are free come first. In a narrow terminal the less important columns are left out.",
  minimum: 0,
  maximum: 0,
  options: {
    free: flag("only hosts on which a job could start at once"),
    label: list("NAME=VALUE", "only hosts with this label"),
    wide: flag("all columns in full, however long the lines", { short: "w" }),
    json: flag("print the hosts as JSON, one a line, with `standing` saying whether it is free"),
  },
  examples: [
    ["windfall host ls", "which Mac is free"],
    ["windfall host ls --free --json", "the same for a script: one line a free host"],
  ],
  async run(cli, options) {
    const labels = Object.entries(readLabels(options.label))
    const [all, running] = await Promise.all([listHosts(cli), options.json ? [] : runningJobs(cli)])
    const hosts = byFreedom<SeenHost>(all).filter(
      (host) =>
        labels.every(([name, value]) => host.labels[name] === value) && (!options.free || takesJobs(standingOf(host))),
    )
    if (options.json) {
      for (const host of hosts) await printJson(cli, { ...host, standing: standingOf(host) })
      return 0
    }
    if (hosts.length === 0) {
      await cli.stdout.write(nothingText(all.length, options.free))
      return 0
    }
    const { isTerminal, columns } = cli.stdout
    const width = isTerminal && !options.wide ? columns : undefined
    const lines = hostLines(hosts, { now: cli.clock.now(), width, color: isTerminal && cli.settings.color, running })
    await cli.stdout.write(lines.map((line) => `${line}\n`).join(""))
    return 0
  },
})

function nothingText(all: number, free: boolean): string {
  if (all === 0) return "No hosts yet. Let one join: windfall host add user@mac\n"
  return `${free ? "No host is free" : "No host has these labels"}. All of them: windfall host ls\n`
}

/** All hosts, by name: mac-2 before mac-10. */
export async function listHosts(cli: Cli): Promise<readonly HostView[]> {
  const { hosts } = await cli.client.get<{ hosts: HostView[] }>("/v1/hosts")
  return byName(hosts)
}

/** For their names. A server of an older release does not tell them so, and then there are numbers alone. */
async function runningJobs(cli: Cli): Promise<readonly QueueJob[]> {
  try {
    return (await cli.client.get<QueueView>("/v1/queue", { query: { limit: 0 } })).running
  } catch {
    return []
  }
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
