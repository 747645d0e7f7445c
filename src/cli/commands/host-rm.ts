import { WindfallError } from "../../protocol/errors.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { askYes } from "../prompt.ts"
import { printJson } from "../say.ts"
import { findHost } from "./host-show.ts"

export const hostRm = command({
  name: "host rm",
  operands: "HOST",
  about: "Lets a host leave the pool. Refused while jobs run there: drain it first.",
  minimum: 1,
  maximum: 1,
  options: {
    yes: flag("do not ask", { short: "y" }),
    json: flag("print the host as it was as JSON"),
  },
  examples: [],
  async run(cli, options, [name = ""]) {
    const host = await findHost(cli, name)
    if (host.jobs.length > 0) {
      throw new WindfallError(
        "host_busy",
        `Cannot remove ${host.name}: ${host.jobs.length === 1 ? `job ${host.jobs[0]} runs` : `jobs ${host.jobs.join(" ")} run`} there`,
        {
          hint: `First: windfall host drain ${host.name}   then wait for its jobs or stop them`,
        },
      )
    }
    if (!options.yes && cli.isInteractive && !(await askYes(cli, `Remove ${host.name} (${host.address})?`))) {
      await cli.stderr.write("Nothing was changed.\n")
      return 2
    }
    await cli.client.delete(`/v1/hosts/${encodeURIComponent(host.id)}`)
    if (options.json) await printJson(cli, host)
    else await cli.stdout.write(`${host.name} has left\n`)
    return 0
  },
})
