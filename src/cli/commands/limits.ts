import type { LimitsView } from "../../protocol/usage-api.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { limitsText } from "../render/usage-text.ts"
import { printJson } from "../say.ts"

export const limits = command({
  name: "limits",
  operands: "",
  about:
    "Shows which limits hold for a job of yours, in the order in which they are looked at, and how much of each is used. Without options for a job that names no account, partition and QOS.",
  minimum: 0,
  maximum: 0,
  options: {
    account: value("NAME", "for a job in this account", notEmpty),
    partition: value("NAME", "for a job in this partition", notEmpty),
    qos: value("NAME", "for a job of this QOS", notEmpty),
    json: flag("print them as JSON"),
  },
  examples: [["windfall limits --qos long", "what may jobs with --qos long do?"]],
  async run(cli, options) {
    const { account, partition, qos } = options
    const view = await cli.client.get<LimitsView>("/v1/limits", { query: { account, partition, qos } })
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(limitsText(view))
    return 0
  },
})
