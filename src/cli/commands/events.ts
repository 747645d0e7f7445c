import type { WindfallEvent } from "../../protocol/events.ts"
import { readCount } from "../../protocol/job-values.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { readEvents } from "../event-stream.ts"
import { isLinkFailure } from "../follow/link-failure.ts"
import { orLoginLost } from "../follow/login-lost.ts"
import { formatTime } from "../render/age.ts"
import { eventText } from "../render/event-text.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"

const DEFAULT_LIMIT = 50

export const events = command({
  name: "events",
  operands: "",
  about: "What happened on the server, and by whom: jobs, hosts, accounts. Oldest first.",
  minimum: 0,
  maximum: 0,
  options: {
    follow: flag("go on with new ones as they come", { short: "f" }),
    after: value("N", "only events after this number", (text) => readCount(text, 0, Number.MAX_SAFE_INTEGER)),
    limit: value("N", `only the last N (default ${DEFAULT_LIMIT})`, (text) => readCount(text, 1, 100_000), {
      short: "n",
    }),
    json: flag("print the events as JSON, one a line"),
  },
  examples: [["windfall events -f", "watch everything"]],
  async run(cli, options) {
    const { events: past } = await cli.client.get<{ events: WindfallEvent[] }>("/v1/events", {
      query: {
        after: options.after,
        limit: options.limit ?? (options.after === undefined ? DEFAULT_LIMIT : undefined),
      },
    })
    for (const event of past) await print(cli, event, options.json)
    if (!options.follow) return 0
    let after = past.at(-1)?.sequence ?? options.after ?? 0
    for (;;) {
      const query = { after, follow: true }
      const opened = cli.client.open("GET", "/v1/events", { query, patienceMs: 10 * 60_000 })
      const body = await opened.catch((error: unknown) => {
        throw orLoginLost(error, "follow the events")
      })
      try {
        for await (const { data } of readEvents(body)) {
          const event = JSON.parse(data) as WindfallEvent
          if (event.sequence <= after) continue
          after = event.sequence
          await print(cli, event, options.json)
          if (cli.stdout.closed) return 141
        }
      } catch (error) {
        if (!isLinkFailure(error)) throw error
      }
    }
  },
})

async function print(cli: Cli, event: WindfallEvent, json: boolean): Promise<void> {
  if (json) await printJson(cli, event)
  else await cli.stdout.write(`${formatTime(event.at)}  ${event.actor}  ${printable(eventText(event))}\n`)
}
