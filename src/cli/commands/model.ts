import type { ModelView } from "../../protocol/model-api.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { pullsText } from "../hive/what-comes.ts"
import { modelDetails, modelTable } from "../render/model-text.ts"
import { printJson, say } from "../say.ts"

export const modelLs = command({
  name: "model ls",
  operands: "",
  about: "Lists the models that are served, or were, and how they stand.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the models as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { models } = await cli.client.get<{ models: ModelView[] }>("/v1/hives")
    const coming = options.json ? "" : await pullsText(cli)
    if (options.json) for (const model of models) await printJson(cli, model)
    else if (models.length === 0 && coming === "")
      await cli.stdout.write("No models. Serve one: windfall model serve NAME FILE\n")
    else if (models.length > 0)
      await cli.stdout.write(modelTable(models, cli.stdout.isTerminal ? cli.stdout.columns : undefined))
    if (coming !== "") await cli.stdout.write(coming)
    return 0
  },
})

export const modelShow = command({
  name: "model show",
  operands: "MODEL",
  about:
    "Shows all about a model: how each replica stands and why, on which hosts with which layers, and what talks over which network.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print the model as JSON") },
  examples: [["windfall model show qwen3", "why it does not answer yet, and where it is"]],
  async run(cli, options, [name = ""]) {
    const model = await cli.client.get<ModelView>(`/v1/hives/${encodeURIComponent(name)}`)
    if (options.json) await printJson(cli, model)
    else await cli.stdout.write(modelDetails(model, cli.client.url, cli.clock.now()))
    return 0
  },
})

/** How often it is looked whether all has ended. */
const LOOK_MS = 300

export const modelStop = command({
  name: "model stop",
  operands: "MODEL",
  about:
    "Stops a model: it takes no new requests, those under way may finish for half a minute, then its engines end. Returns when nothing of it runs any more.",
  minimum: 1,
  maximum: 1,
  options: {
    detach: flag("do not wait until it has ended", { short: "d", also: ["no-wait"] }),
    json: flag("print the model as JSON"),
  },
  examples: [["windfall model stop qwen3", "its weights stay; windfall model serve qwen3 starts it again"]],
  async run(cli, options, [name = ""]) {
    const path = `/v1/hives/${encodeURIComponent(name)}`
    let model = await cli.client.post<ModelView>(`${path}/stop`, {})
    while (!options.detach && model.state !== "stopped") {
      await cli.clock.sleep(LOOK_MS)
      model = await cli.client.get<ModelView>(path)
      // Somebody serves it again.
      if (model.state !== "stopping" && model.state !== "stopped") break
    }
    if (options.json) await printJson(cli, model)
    else await say(cli, `${name} is ${model.state}`)
    return 0
  },
})

export const modelRm = command({
  name: "model rm",
  operands: "MODEL",
  about: "Forgets a model that was stopped. Its weights stay as data: windfall data rm removes these.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print what was removed as JSON") },
  examples: [],
  async run(cli, options, [name = ""]) {
    await cli.client.delete(`/v1/hives/${encodeURIComponent(name)}`)
    if (options.json) await printJson(cli, { removed: name })
    else await cli.stdout.write(`${name} is removed\n`)
    return 0
  },
})
