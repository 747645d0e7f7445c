import type { StoredDataView } from "../../protocol/data-api.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { pullsText } from "../hive/what-comes.ts"
import { dataDetails, dataTable } from "../render/data-text.ts"
import { printJson } from "../say.ts"

export const dataLs = command({
  name: "data ls",
  operands: "",
  about:
    "Lists the data that your jobs can use: yours and what others share. What could not be used the last time is marked.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the data as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { data } = await cli.client.get<{ data: StoredDataView[] }>("/v1/data")
    const coming = options.json ? "" : await pullsText(cli)
    if (options.json) for (const one of data) await printJson(cli, one)
    else if (data.length === 0 && coming === "")
      await cli.stdout.write("No data. Add some: windfall data add NAME DIR\n")
    else if (data.length > 0)
      await cli.stdout.write(dataTable(data, cli.stdout.isTerminal ? cli.stdout.columns : undefined))
    if (coming !== "") await cli.stdout.write(coming)
    return 0
  },
})

export const dataShow = command({
  name: "data show",
  operands: "NAME",
  about: "Shows data: its versions, where they lie, and which unfinished jobs were sent with it.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print the data as JSON") },
  examples: [],
  async run(cli, options, [name = ""]) {
    const data = await cli.client.get<StoredDataView>(`/v1/data/${encodeURIComponent(name)}`)
    if (options.json) await printJson(cli, data)
    else await cli.stdout.write(dataDetails(data))
    return 0
  },
})

export const dataRm = command({
  name: "data rm",
  operands: "NAME",
  about:
    "Removes data, with all its versions. What lies at a host of its own stays there. Jobs that run keep it to their end; while jobs wait for it, it is refused.",
  minimum: 1,
  maximum: 1,
  options: {
    force: flag("also while jobs wait for it: they fail", { short: "f" }),
    json: flag("print what was removed as JSON"),
  },
  examples: [["windfall data rm mnist", "its copies on hosts go as well"]],
  async run(cli, options, [name = ""]) {
    await cli.client.delete(`/v1/data/${encodeURIComponent(name)}`, { query: { force: options.force } })
    if (options.json) await printJson(cli, { removed: name })
    else await cli.stdout.write(`${name} is removed\n`)
    return 0
  },
})
