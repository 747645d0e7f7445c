import { readCount } from "../../protocol/job-values.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { queueText } from "../render/queue-text.ts"
import { printJson } from "../say.ts"

const DEFAULT_LIMIT = 50

export const queue = command({
  name: "queue",
  operands: "",
  about:
    "Shows who waits, everybody's jobs, in the order of the queue: with place, priority, when each is expected to start at the latest, and why it waits; then those that are kept out of it by a hold, a time or other jobs.",
  minimum: 0,
  maximum: 0,
  options: {
    limit: value("N", `at most this many (default ${DEFAULT_LIMIT})`, (text) => readCount(text, 1, 1_000), {
      short: "n",
    }),
    json: flag("print all of it as JSON"),
  },
  examples: [["windfall queue", "who goes first"]],
  async run(cli, { limit = DEFAULT_LIMIT, json }) {
    const view = await cli.client.get<QueueOrderView>("/v1/queue/order", { query: { limit } })
    if (json) await printJson(cli, view)
    else await cli.stdout.write(queueText(view, cli.stdout.isTerminal ? cli.stdout.columns : undefined))
    return 0
  },
})
