import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { dataNameProblem } from "../../protocol/job-data.ts"
import { command } from "../command-line/command.ts"
import { flag, option } from "../command-line/option.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const modelPull = command({
  name: "model pull",
  operands: "FILE|FOLDER [NAME]",
  about:
    "Brings a model into the lab, once: a GGUF file with its parts, or a folder with config.json and safetensors files. It lies on the server as data of this name; hosts that serve it get it from there and from each other, and keep it. What arrived stays: after a break the same line sends the rest. Its headers are read first, so that a broken or cut file is refused before it travels.",
  minimum: 1,
  maximum: 2,
  options: {
    shared: option<boolean | null>(
      "flag",
      "",
      "everybody may serve it; --no-shared: you alone (the default)",
      (text) => text === "true",
      null,
      {},
    ),
    json: flag("print the data as JSON"),
  },
  examples: [
    ["windfall model pull ~/models/qwen3-30b-q4_k_m.gguf", "as data qwen3-30b-q4_k_m"],
    ["windfall model pull deepseek-v3/ deepseek", "a folder, as data deepseek"],
  ],
  async run(cli, { shared, json }, [typed = "", name]) {
    const problem = name === undefined ? null : dataNameProblem(name)
    if (problem !== null)
      throw new WindfallError("invalid_input", `Cannot name the model ${JSON.stringify(name)}: ${problem}`)
    const { pullModel } = await import("../hive/pull-model.ts")
    const { data, facts } = await pullModel(cli, typed, name ?? null, shared)
    if (json) await printJson(cli, data)
    else {
      const latest = data.versions.at(-1)
      const size = latest === undefined ? "" : `, ${formatBytes(latest.bytes)}`
      const what = `${printable(facts.architecture)}, ${facts.layers.length} layers, ${printable(facts.quantisation)}${size}`
      await cli.stdout.write(`${data.name} version ${latest?.version ?? "?"} is in the lab (${what})\n`)
      await cli.stdout.write(`serve it: windfall model serve NAME ${data.name}\n`)
    }
    return 0
  },
})
