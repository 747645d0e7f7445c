import { chooseEngine } from "../../hive/engines/choose-engine.ts"
import { KV_TYPES } from "../../hive/fit/cache-bytes.ts"
import { type EngineHosts, withEngines } from "../../hive/fleet/engine-hosts.ts"
import type { Fleet } from "../../hive/fleet/fleet.ts"
import { liveFleet } from "../../hive/fleet/live-fleet.ts"
import { readFleet } from "../../hive/fleet/read-fleet.ts"
import { heldBy, servedFrom, servedOn, servedRemedy, withoutServed } from "../../hive/fleet/served-hosts.ts"
import { weightBytes } from "../../hive/model/model-facts.ts"
import { readModel } from "../../hive/model/read-model.ts"
import { engineAdvice, withEqualEngines } from "../../hive/plan/equal-engines.ts"
import { hivesFor } from "../../hive/plan/hives-for.ts"
import { planModel } from "../../hive/plan/plan-model.ts"
import { PreparedFleet } from "../../hive/plan/prepared-fleet.ts"
import { usualContextTokens } from "../../hive/plan/usual-context.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostEnginesView } from "../../protocol/host-engines.ts"
import { MOST_REPLICAS, type ModelView, USUAL_SLOTS } from "../../protocol/model-api.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, option, value } from "../command-line/option.ts"
import { fleetRules } from "../hive/fleet-rules.ts"
import { openModel } from "../hive/model-files.ts"
import { readCacheType, readCountTo, readEngine, readTokens } from "../hive/serving-values.ts"
import { type InputKind, inputName, readInput } from "../read-input.ts"
import { modelPlanJson } from "../render/model-plan-json.ts"
import { modelPlanText } from "../render/model-plan-text.ts"
import { printJson } from "../say.ts"
import { listHosts } from "./host-ls.ts"

const FLEET: InputKind = {
  what: "a described fleet",
  maxBytes: 16 * 1024 * 1024,
  tooLarge: (name) => new WindfallError("too_large", `Cannot read ${name}: it has more than 16 MB`),
  missingHint: "docs/model-plan.md has the format",
}
const MOST_PROBLEMS = 20

export const modelPlan = command({
  name: "model plan",
  operands: "FILE|FOLDER|REPOSITORY",
  about:
    "Says before anything starts whether a model fits, on which Macs, which layers and bytes where, and how fast it will be as a range, with what that rests on; and what would make it fit. Only headers are read: a GGUF file with its parts, or a folder with config.json and safetensors files or their index; of a repository of a model hub (OWNER/NAME, OWNER/NAME:QUANT; HF_ENDPOINT names another hub) they are read there, by ranges. The exit code is 1 when it does not fit.",
  minimum: 1,
  maximum: 1,
  options: {
    context: value("TOKENS", "context of each slot (default 32k, or what the model has)", readTokens, {
      short: "c",
    }),
    slots: value("N", "conversations at the same time (default 4)", (typed) => readCountTo(typed, 1_024), {
      also: ["parallel"],
    }),
    kv: value("TYPE", `how the cache is kept: ${KV_TYPES.join(", ")} (default f16)`, readCacheType),
    engine: value("ENGINE", "auto, llama.cpp or mlx; auto takes the one the files are for", readEngine),
    replicas: value("N", `copies, each on Macs of its own, 1 to ${MOST_REPLICAS} (default 1)`, (typed) =>
      readCountTo(typed, MOST_REPLICAS),
    ),
    macs: value("N", "over exactly so many Macs each, to compare", (typed) => readCountTo(typed, 8)),
    fleet: value("FLEET", "plan on the fleet that this file describes, without a server", notEmpty),
    free: flag("with the memory that is free just now, not as if nothing ran"),
    images: option<boolean>(
      "flag",
      "",
      "--no-images: without the mmproj file by which it would see images",
      (text) => text === "true",
      true,
      {},
    ),
    anyArchitecture: flag("plan also what the engine is not known to run"),
    json: flag("print all of it as one JSON object, with every number"),
  },
  examples: [
    ["windfall model plan qwen3-235b-q4_k_m.gguf", "does it fit, where, how fast"],
    ["windfall model plan deepseek-v3/ --context 64k --slots 2", "a folder with config.json and safetensors"],
    ["windfall model plan --fleet fleet.json llama-70b.gguf", "on Macs that are only described"],
    ["windfall model plan Qwen/Qwen3-8B-GGUF:Q4_K_M", "before it is fetched"],
  ],
  async run(cli, options, [typed = ""]) {
    const signal = new AbortController().signal
    const { folder, file, opened } = await openModel(cli, typed, signal, options.images)
    const model = await readModel(folder, file, signal, options.images)
    const rules = chooseEngine(model, options.engine ?? "auto", options.anyArchitecture)
    if (rules.engine === "mlx" && options.kv !== undefined && options.kv !== "f16")
      throw new WindfallError("invalid_input", "Cannot plan a quantised cache with mlx: its server keeps it as f16", {
        hint: "Leave out --kv",
      })
    const names = new Set([folder.name, ...(file === null ? [] : [file]), ...opened()])
    const known = options.fleet === undefined ? await poolFleet(cli, options.free, names, weightBytes(model)) : null
    const found =
      known === null ? described(cli, options.fleet ?? "") : withEngines(known.fleet, rules.engine, known.hosts)
    if (found.hosts.length === 0)
      throw new WindfallError("host_not_found", `Cannot plan ${model.name}: there are no hosts`, {
        hint: "Let one join: windfall host add user@mac; or describe some: --fleet FILE (docs/model-plan.md)",
      })
    const request = {
      contextTokens: options.context ?? usualContextTokens(model),
      slots: options.slots ?? USUAL_SLOTS,
      kv: options.kv ?? "f16",
      replicas: options.replicas ?? 1,
      members: options.macs ?? null,
    } as const
    const hives = (on: Fleet) => hivesFor(model, new PreparedFleet(on), rules, request)
    const equal = (on: Fleet) => (known === null ? on : withEqualEngines(on, rules.engine, known.hosts, hives))
    const fleet = equal(known === null ? found : withoutServed(found, known.served))
    const able = planModel(model, new PreparedFleet(fleet), rules, request)
    // Where it would fit once its engine is there, that is told, and on which of them it is missing.
    const isShort = known !== null && able.replicas.length < request.replicas
    const bare = isShort
      ? planModel(model, new PreparedFleet(withoutServed(known.fleet, known.served)), rules, request)
      : able
    const notes = known === null ? [] : bare.replicas.flatMap((hive) => engineAdvice(hive, known.hosts))
    const isBeside = known !== null && known.served.size > 0
    const remedy = isBeside ? servedRemedy(known.served, bare.replicas, hives(equal(found))) : null
    const remedies = remedy === null ? bare.remedies : [remedy, ...bare.remedies]
    const plan = { ...bare, advice: [...(known?.notes ?? []), ...notes, ...bare.advice], remedies }
    if (options.json) await printJson(cli, modelPlanJson(plan))
    else await cli.stdout.write(modelPlanText(plan))
    return plan.replicas.length === plan.request.replicas ? 0 : 1
  },
})

interface Pool {
  readonly fleet: Fleet
  readonly hosts: EngineHosts
  readonly served: ReturnType<typeof servedOn>
  readonly notes: readonly string[]
}

/**
 * The hosts of the pool, which engines they have, and which other models are served there: what is planned may be served itself, and is not in
 * its own way.
 * @param names of its files and its folder
 */
async function poolFleet(cli: Cli, onlyFree: boolean, names: ReadonlySet<string>, bytes: number): Promise<Pool> {
  const [views, engines, { models }] = await Promise.all([
    listHosts(cli),
    cli.client.get<{ hosts: readonly HostEnginesView[] }>("/v1/engines"),
    cli.client.get<{ models: readonly ModelView[] }>("/v1/hives"),
  ])
  const said = new Map(engines.hosts.map((one) => [one.host, one]))
  const hosts = new Map(
    views.map(({ name, facts }) => {
      const { engines: found = null, rdma = null } = said.get(name) ?? {}
      return [name, { facts, engines: found, rdma }]
    }),
  )
  const own = servedFrom(models, names, bytes)
  const held = heldBy(own)
  return {
    fleet: liveFleet(views, onlyFree, true, held),
    hosts,
    served: servedOn(models.filter((one) => !own.includes(one))),
    notes:
      own.length === 0
        ? []
        : [
            `It is served now, as ${own.map(({ name }) => name).join(", ")}, on ${[...held.keys()].join(", ")}: this is planned as if it were not`,
          ],
  }
}

function described(cli: Cli, file: string): Fleet {
  const name = inputName(file)
  const text = readInput(cli, file, FLEET)
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (error) {
    throw new WindfallError("invalid_input", `Cannot read ${name}: it is no JSON (${(error as Error).message})`, {
      hint: FLEET.missingHint,
    })
  }
  const { fleet, problems } = readFleet(read, fleetRules)
  if (fleet !== null) return fleet
  const shown = problems.slice(0, MOST_PROBLEMS)
  if (problems.length > MOST_PROBLEMS) shown.push(`and ${problems.length - MOST_PROBLEMS} more`)
  const what = shown.length === 1 ? `: ${shown[0]}` : `: ${problems.length} problems\n  ${shown.join("\n  ")}`
  throw new WindfallError("invalid_input", `Cannot read ${name}${what}`, {
    hint: FLEET.missingHint,
    details: { problems },
  })
}
