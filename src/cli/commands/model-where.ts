import { formatBytes } from "../../base/bytes.ts"
import { unknownHint } from "../../hive/hub/near-model.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { ModelView } from "../../protocol/model-api.ts"
import type { ModelDisk } from "../../protocol/model-disk.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { type Where, weightsWhere } from "../hive/weights-where.ts"
import { hostsText } from "../render/data-text.ts"
import { modelDiskText } from "../render/model-disk-text.ts"
import { renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const modelWhere = command({
  name: "model where",
  operands: "[MODEL|DATA]",
  about:
    "Says which connected hosts hold the weights of what, besides the server: a host gets them when it first serves them, from the server and from other hosts (how far it is stands behind its name), and keeps them until its room is needed. Without a name it says, too, what models of hubs take on the server's disk, when each was used last, and which of them would go to make room for others.",
  minimum: 0,
  maximum: 1,
  options: { json: flag("print it as JSON, one a line; what models of hubs take last, as onServer") },
  examples: [["windfall model where qwen3", "which Macs could start it at once"]],
  async run(cli, options, [named]) {
    const [{ data }, { models }, disk] = await Promise.all([
      cli.client.get<{ data: StoredDataView[] }>("/v1/data"),
      cli.client.get<{ models: ModelView[] }>("/v1/hives"),
      cli.client.get<ModelDisk>("/v1/model-disk"),
    ])
    const all = weightsWhere(data, models)
    const found = all.filter(
      ({ data: name, models: names }) => named === undefined || name === named || names.includes(named),
    )
    // Data that nobody serves is only told of when it is asked for: most of it is no model.
    const shown = named === undefined ? found.filter(({ models: names }) => names.length > 0) : found
    if (named !== undefined && shown.length === 0) {
      throw new WindfallError(
        "model_not_found",
        `Cannot find ${JSON.stringify(named)}: neither a model nor data is called so`,
        {
          hint: unknownHint(
            named,
            [...models, ...data].map(({ name }) => name),
            "See both: windfall model ls, windfall data ls",
          ),
        },
      )
    }
    const hasDisk = disk.models.length > 0 && named === undefined
    if (options.json) for (const one of hasDisk ? [...shown, { onServer: disk }] : shown) await printJson(cli, one)
    else if (shown.length === 0) await cli.stdout.write("No models are served. Bring one: windfall model pull FILE\n")
    else await cli.stdout.write(table(shown))
    if (!options.json && hasDisk) await cli.stdout.write(modelDiskText(disk, cli.clock.now()))
    return 0
  },
})

function table(rows: readonly Where[]): string {
  return renderTable(
    [
      { title: "DATA" },
      { title: "VERSION", right: true },
      { title: "SIZE", right: true },
      { title: "SERVED AS" },
      { title: "HOSTS" },
    ],
    rows.map(({ data, version, bytes, models, hosts, coming }) => [
      data,
      `${version}`,
      formatBytes(bytes),
      models.join(", ") || "-",
      hosts === null ? "not told: its data is not shared with you" : hostsText({ hosts, coming }) || "-",
    ]),
  )
}
