import type { ShareView } from "../../protocol/usage-api.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { shareViewText } from "../render/usage-text.ts"
import { printJson } from "../say.ts"

export const share = command({
  name: "share",
  operands: "",
  about:
    "Shows who has had how much of their share: shares, faded usage, level and factor, who comes first on top. Everybody sees all of it. docs/usage.md says how the numbers come about.",
  minimum: 0,
  maximum: 0,
  options: {
    tree: flag("the whole tree, accounts too"),
    json: flag("print it as JSON, with every value"),
  },
  examples: [
    ["windfall share", "who comes first?"],
    ["windfall share --tree", "accounts, and who is in them"],
  ],
  async run(cli, options) {
    const view = await cli.client.get<ShareView>("/v1/share")
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(shareViewText(view, { tree: options.tree }))
    return 0
  },
})
