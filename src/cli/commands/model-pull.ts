import { formatBytes } from "../../base/bytes.ts"
import { readRepository } from "../../hive/hub/repository.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { dataNameProblem } from "../../protocol/job-data.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, option, value } from "../command-line/option.ts"
import { pulledText } from "../render/pull-text.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const modelPull = command({
  name: "model pull",
  operands: "FILE|FOLDER|REPOSITORY [NAME]",
  about:
    "Brings a model into the lab, once: a GGUF file with its parts, or a folder with config.json and safetensors files. It lies on the server as data of this name; hosts that serve it get it from there and from each other, and keep it. From a repository of a model hub (OWNER/NAME, OWNER/NAME:QUANT, OWNER/NAME@REVISION) the server fetches what a model needs: one GGUF model, or safetensors with configuration and tokenizer, never pickles; each file is verified by its hash, and what lies there already is not fetched again. HF_ENDPOINT names another hub. What arrived stays: after a break the same line sends the rest. Its headers are read first, so that a broken or cut file is refused before it travels.",
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
    tokenSecret: value("NAME", "your secret with the hub's token (default HF_TOKEN, if you have one)", notEmpty),
    images: option<boolean>(
      "flag",
      "",
      "--no-images: without the mmproj file by which a GGUF model sees images",
      (text) => text === "true",
      true,
      {},
    ),
    detach: flag("of a repository: do not wait until it is here", { short: "d" }),
    stop: flag("stop what comes under this name, or from this repository"),
    json: flag("print the data as JSON, of a repository how it came"),
  },
  examples: [
    ["windfall model pull ~/models/qwen3-30b-q4_k_m.gguf", "as data qwen3-30b-q4_k_m"],
    ["windfall model pull deepseek-v3/ deepseek", "a folder, as data deepseek"],
    ["windfall model pull Qwen/Qwen3-8B-GGUF:Q4_K_M", "from a hub, as data Qwen3-8B-Q4_K_M"],
  ],
  async run(cli, { shared, images, json, tokenSecret, detach, stop }, [typed = "", name]) {
    if (stop) return stopPull(cli, typed, json)
    const problem = name === undefined ? null : dataNameProblem(name)
    if (problem !== null)
      throw new WindfallError("invalid_input", `Cannot name the model ${JSON.stringify(name)}: ${problem}`)
    const { liesHere, meansRepository } = await import("../hive/model-files.ts")
    if (!liesHere(cli, typed) && meansRepository(typed)) {
      const { pullRepository } = await import("../hive/pull-repository.ts")
      const wish = { name: name ?? null, shared, secret: tokenSecret ?? null, images, detach }
      const pull = await pullRepository(cli, readRepository(typed), wish)
      if (json) await printJson(cli, pull)
      else await cli.stdout.write(pull.state === "done" ? pulledText(pull) + nextLine(pull.name) : comingText(pull))
      return 0
    }
    const { pullModel } = await import("../hive/pull-model.ts")
    const { data, facts, unserved } = await pullModel(cli, typed, name ?? null, shared, images)
    if (json) await printJson(cli, data)
    else {
      const latest = data.versions.at(-1)
      const size = latest === undefined ? "" : `, ${formatBytes(latest.bytes)}`
      const what = `${printable(facts.architecture)}, ${facts.layers.length} layers, ${printable(facts.quantisation)}${size}`
      await cli.stdout.write(`${data.name} version ${latest?.version ?? "?"} is in the lab (${what})\n`)
      await cli.stdout.write(
        unserved === null ? nextLine(data.name) : `model serve does not take it: ${printable(unserved)}\n`,
      )
    }
    return 0
  },
})

function nextLine(data: string): string {
  return `serve it: windfall model serve NAME ${data}\n`
}

function comingText({ name, repository, totalBytes }: PullView): string {
  return `${name} comes from ${repository}, ${formatBytes(totalBytes)}. See how far it is: windfall data ls\n`
}

/** @throws {WindfallError} pull_not_found */
async function stopPull(cli: Cli, typed: string, json: boolean): Promise<number> {
  const { pulls } = await cli.client.get<{ pulls: PullView[] }>("/v1/pulls")
  const coming = pulls.filter(({ state }) => state === "pulling")
  const wanted = coming.filter(({ name, repository }) => name === typed || repository === typed.split(/[:@]/, 1)[0])
  if (wanted.length === 0)
    throw new WindfallError("pull_not_found", `Cannot stop ${JSON.stringify(typed)}: nothing comes under that name`, {
      hint:
        coming.length === 0 ? "Nothing comes just now" : `There comes: ${coming.map(({ name }) => name).join(", ")}`,
    })
  for (const { id, name } of wanted) {
    const stopped = await cli.client.delete<PullView>(`/v1/pulls/${id}`)
    if (json) await printJson(cli, stopped)
    else
      await cli.stdout.write(`${name} comes no more. What is here stays for a day: the same again goes on from there\n`)
  }
  return 0
}
