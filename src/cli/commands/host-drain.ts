import type { HostView } from "../../protocol/host.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { printJson } from "../say.ts"
import { findHost } from "./host-show.ts"

export const hostDrain = command({
  name: "host drain",
  operands: "HOST...",
  about: "Starts nothing new on the hosts. What runs there goes on.",
  minimum: 1,
  maximum: 1000,
  options: { json: flag("print the hosts as JSON, one a line") },
  examples: [],
  async run(cli, options, names) {
    for (const name of names) {
      const host = await findHost(cli, name)
      const view = await cli.client.post<HostView>(`/v1/hosts/${encodeURIComponent(host.id)}/drain`, {})
      if (options.json) await printJson(cli, view)
      else {
        const [only, ...others] = view.jobs
        const some = others.length === 0 ? `job ${only} goes on` : `jobs ${view.jobs.join(" ")} go on`
        const left = only === undefined ? "nothing runs there" : some
        await cli.stdout.write(`${view.name} is draining; ${left}\n`)
      }
    }
    return 0
  },
})

export const hostResume = command({
  name: "host resume",
  operands: "HOST...",
  about: "Uses drained hosts again.",
  minimum: 1,
  maximum: 1000,
  options: { json: flag("print the hosts as JSON, one a line") },
  examples: [],
  async run(cli, options, names) {
    for (const name of names) {
      const host = await findHost(cli, name)
      const view = await cli.client.post<HostView>(`/v1/hosts/${encodeURIComponent(host.id)}/resume`, {})
      if (options.json) await printJson(cli, view)
      else
        await cli.stdout.write(`${view.name} takes jobs again${view.link === "ready" ? "" : ` (it is ${view.link})`}\n`)
    }
    return 0
  },
})
