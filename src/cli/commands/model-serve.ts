import { WindfallError } from "../../protocol/errors.ts"
import { readDuration } from "../../protocol/job-values.ts"
import {
  CACHE_TYPES,
  IDLE_STOP_MS,
  MOST_REPLICAS,
  type ModelView,
  type ServeCheckView,
  type ServeRequest,
} from "../../protocol/model-api.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, listOf, notEmpty, option, value } from "../command-line/option.ts"
import { followStart } from "../hive/follow-start.ts"
import { readCacheType, readCountTo, readEngine, readTokens } from "../hive/serving-values.ts"
import { printable } from "../render/table.ts"
import { printJson, say } from "../say.ts"

const MOST_SLOTS = 1_024

export const modelServe = command({
  name: "model serve",
  operands: "NAME [FILE|FOLDER|DATA[/FILE]]",
  about:
    "Serves a model under a name, to clients of OpenAI and Anthropic at the server's URL. A file or folder of this machine is brought into the lab first, as model pull does. Its engine runs as a job on hosts that have room, waits its turn and yields to owners like any other. Waits until it answers; Ctrl-C ends the waiting, not the model. Again with other options it is served so; without any it is tried anew.",
  minimum: 1,
  maximum: 2,
  options: {
    replicas: value("N", `copies, each on hosts of its own, 1 to ${MOST_REPLICAS} (default 1)`, (typed) =>
      readCountTo(typed, MOST_REPLICAS),
    ),
    engine: value("ENGINE", "auto, llama.cpp or mlx; auto takes the one the files are for", readEngine),
    context: value("TOKENS", "context of each slot (default 32k, or what the model has)", readTokens, { short: "c" }),
    slots: value("N", "requests at the same time (default 4)", (typed) => readCountTo(typed, MOST_SLOTS), {
      also: ["parallel"],
    }),
    kv: value("TYPE", `how the cache is kept: ${CACHE_TYPES.join(", ")} (default f16)`, readCacheType),
    idleStop: value(
      "DURATION",
      "stops when unused for so long, and starts with the next request; never, or 0: it stays (default 30m)",
      readIdleStop,
    ),
    pin: listOf("HOST", "only on this host; several times: on these", notEmpty),
    anyHost: flag("on any host again, whatever --pin said before"),
    trustNetwork: option<boolean | null>(
      "flag",
      "",
      "as admin: its members may talk over a network that others reach, too, unencrypted",
      (text) => text === "true",
      null,
      {},
    ),
    images: option<boolean | null>(
      "flag",
      "",
      "--no-images: takes no images, and keeps no memory for them (default: where its weights have an mmproj file)",
      (text) => text === "true",
      null,
      {},
    ),
    detach: flag("do not wait until it answers", { short: "d", also: ["no-wait"] }),
    json: flag("print the model as JSON"),
  },
  examples: [
    ["windfall model serve qwen3 qwen3-30b-q4_k_m.gguf", "brings it into the lab, then serves it as qwen3"],
    ["windfall model serve qwen3 --replicas 2", "the same on two Macs"],
    ["windfall model serve big deepseek --context 64k --slots 2 --idle-stop never", "from data that is there"],
  ],
  async run(cli, options, [name = "", typed]) {
    const asked: ServeRequest = {
      data: null,
      file: null,
      engine: options.engine ?? null,
      replicas: options.replicas ?? null,
      contextTokens: options.context ?? null,
      slots: options.slots ?? null,
      kv: options.kv ?? null,
      idleStopMs: options.idleStop ?? null,
      pins: options.anyHost ? [] : options.pin.length === 0 ? null : options.pin,
      trustsNetwork: options.trustNetwork,
      images: options.images,
    }
    if (name === "") throw new WindfallError("invalid_input", "Cannot serve a model: its name is empty")
    if (options.anyHost && options.pin.length > 0)
      throw new WindfallError("invalid_input", `Cannot serve ${name}: --pin and --any-host were both given`)
    const url = `/v1/hives/${encodeURIComponent(name)}`
    const request = typed === undefined ? asked : { ...asked, ...(await weightsOf(cli, name, typed, asked)) }
    const accepted = await cli.client.post<ModelView>(`${url}/serve`, request)
    const model = options.detach ? accepted : await followStart(cli, url, accepted)
    if (options.json) await printJson(cli, model)
    else await say(cli, lastWord(model, cli.client.url))
    return model.state === "degraded" || (!options.detach && model.state === "stopped") ? 1 : 0
  },
})

/** A file or folder of this machine is brought into the lab, if it could be served as asked; anything else is the name of data. */
async function weightsOf(
  cli: Cli,
  name: string,
  typed: string,
  asked: ServeRequest,
): Promise<Pick<ServeRequest, "data" | "file">> {
  if (fs.existsSync(path.resolve(cli.cwd, typed))) {
    const { pullModel } = await import("../hive/pull-model.ts")
    const { servedOptions } = await import("../../hive/plan/served-options.ts")
    const { options } = await cli.client.ask<ServeCheckView>(`/v1/hives/${encodeURIComponent(name)}/check`, asked)
    const { data } = await pullModel(cli, typed, null, null, asked.images ?? true, (facts, data) => {
      servedOptions(name, facts, { ...asked, data }, options ?? undefined)
    })
    return { data: data.name, file: null }
  }
  const [data = "", ...rest] = typed.split("/")
  if (data === "" || data === "." || data === ".." || data === "~") {
    throw new WindfallError("file_not_found", `Cannot serve ${typed}: there is no such file or folder`, {
      hint: "Name a GGUF file, a folder with config.json and safetensors files, or data: windfall data ls",
    })
  }
  return { data, file: rest.length === 0 ? null : rest.join("/") }
}

function lastWord({ name, state, reason }: ModelView, url: string): string {
  if (state === "ready" || state === "partly")
    return `${name} answers at ${url}/v1 (OpenAI) and ${url} (Anthropic). A key: windfall key create NAME   try it: windfall chat ${name}`
  const why = reason === null ? "" : `: ${printable(reason)}`
  return `${name} is ${state}${why}   more: windfall model show ${name}`
}

/** `never` is 0. */
function readIdleStop(typed: string): number {
  return /^(never|off|0)$/i.test(typed) ? 0 : readDuration(typed, IDLE_STOP_MS.minimum, IDLE_STOP_MS.maximum)
}
