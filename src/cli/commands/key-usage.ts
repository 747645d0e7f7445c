import { parseDuration } from "../../base/duration.ts"
import type { KeyUsageView } from "../../protocol/key-api.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { keyUsageTable } from "../render/key-table.ts"
import { printJson } from "../say.ts"

const DEFAULT_MS = 30 * 86_400_000

export const keyUsage = command({
  name: "key usage",
  operands: "",
  about:
    "Sums up what was used of models, by user, key and model, as the engines counted: yours, and as admin everybody's. Of requests that were cut only a guess is known.",
  minimum: 0,
  maximum: 0,
  options: {
    since: value("DURATION", "how long back, for instance 7d (default: 30d)", parseDuration),
    json: flag("print it as JSON"),
  },
  examples: [["windfall key usage --since 24h", "the last day"]],
  async run(cli, options) {
    const since = Math.max(0, Math.floor(cli.clock.now() - (options.since ?? DEFAULT_MS)))
    const view = await cli.client.get<KeyUsageView>("/v1/keys/usage", { query: { since: String(since) } })
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(keyUsageTable(view))
    return 0
  },
})
