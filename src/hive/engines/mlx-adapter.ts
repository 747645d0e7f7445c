import { type HiveOrder, layerCount } from "../order/hive-order.ts"
import type {
  EndMeaning,
  EngineAdapter,
  EngineCommand,
  EngineEnd,
  EngineLaunch,
  EngineRole,
  EngineSite,
  RdmaSite,
} from "./engine-adapter.ts"
import { mlxReleases, RING_ENDS_SINCE } from "./engine-source.ts"
import { evenCounts } from "./mlx.ts"
import { MLX_LAUNCHER } from "./mlx-launcher.ts"
import { dropsLayers, isOlder, KEEPS_LAYERS_SINCE } from "./mlx-models.ts"

/** A file of the folder of jobs must not be taken for one of Python's own. */
const SAFE_PATH = "-P"
const SAY_VERSIONS = "from importlib.metadata import version as v; print('mlx-lm ' + v('mlx-lm') + ', mlx ' + v('mlx'))"

/** What `APIHandler.do_POST` of mlx_lm/server.py 0.32 does not read. Its own penalties are called repetition_penalty and repetition_context_size. */
const LACKS = [
  ...["response_format", "json_schema", "grammar", "tool_choice", "parallel_tool_calls"],
  ...["typical_p", "repeat_penalty", "repeat_last_n", "dry_multiplier", "dry_base", "dry_allowed_length"],
  ...["ignore_eos", "reasoning_effort", "reasoning_format"],
]

/**
 * mlx_lm.server of releases 0.32: in one process, or one for each rank of a ring, all with the same words, of which rank 0 listens. It is started
 * through {@link MLX_LAUNCHER}.
 */
export const mlxAdapter: EngineAdapter = {
  engine: "mlx",
  // What lies beside it is the Python that it is for.
  // Each rank of a ring.
  listeners: () => ["python"],
  programs: { server: ["mlx_lm.server"], python: ["python3", "python"] },
  whereToGet: ({ isMac }) =>
    `on that host: \`uv venv ~/.windfall/tools/mlx --python 3.12\` and \`uv pip install --python ~/.windfall/tools/mlx/bin/python ${isMac ? "mlx-lm" : '"mlx[cpu]" mlx-lm'}\`, the same releases on all; no administrator is needed`,
  versionCommand: python("-c", SAY_VERSIONS),
  // It would load all that its server loads: what it does not know it says when it starts.
  helpCommand: null,
  devicesCommand: null,
  // Its packages lie elsewhere than its programs.
  keepsAnswers: false,
  refuses,
  lacks,
  readVersion: (output) => /^mlx-lm \S+, mlx \S+$/m.exec(output)?.[0] ?? null,
  readDevices: () => [],
  worker: (site) => (site.rank === 0 ? null : launch(site, "worker", null)),
  head: (site, port) => launch(site, "head", port),
  readProtocol: () => null,
  readBuffer: () => null,
  explainEnd,
  http: {
    healthPath: "/health",
    canary: ({ alias }, word) => ({
      path: "/v1/completions",
      body: { model: alias, prompt: `${word} 1 2 3`, max_tokens: 2, temperature: 0 },
    }),
    canaryTokens(body) {
      const tokens = (body as { usage?: { completion_tokens?: unknown } } | null)?.usage?.completion_tokens
      return typeof tokens === "number" ? tokens : 0
    },
    lacks: LACKS,
    // -1 is llama.cpp's word for any seed, and for no bound; without them MLX does the same.
    leastNumbers: { seed: 0, top_k: 0 },
    seeds: 2 ** 64,
    // By itself it takes the likeliest token always: choices of one prompt would be equal. This is llama.cpp's own (common/common.h).
    defaults: { temperature: 0.8 },
    tellsPrompt: {},
    progressPath: "/windfall/progress",
    progress(body) {
      const { busy, steps } = (body ?? {}) as { busy?: unknown; steps?: unknown }
      return { busy: typeof busy === "number" ? busy : 0, mark: String(steps) }
    },
  },
}

function python(...words: readonly string[]): EngineCommand {
  return { program: "python", arguments: [SAFE_PATH, ...words] }
}

function refuses({ order, hostFile }: EngineSite): string | null {
  if (order.rdma !== undefined && order.mode !== "tensor") return "over RDMA MLX has parts of layers, and no pipeline"
  if (order.kv !== "f16") return "MLX's server is given no quantised cache"
  if (order.members.length === 1) return null
  if (hostFile === null) return "MLX_HOSTFILE, with where all ranks are, is not among the job's variables"
  return order.mode !== "pipeline" || isOwnSplit(order, layerCount(order))
    ? null
    : "MLX divides layers evenly, the last ones to rank 0, and the order is otherwise"
}

function lacks({ order, version }: EngineSite): string | null {
  const size = order.members.length
  if (size === 1) return null
  const { lm = null, mlx = null } = mlxReleases(version) ?? {}
  if (isOlder(mlx, RING_ENDS_SINCE))
    return `a ring of mlx before ${RING_ENDS_SINCE} hangs for ever when a member is lost (mlx #3862)`
  const layers = layerCount(order)
  if (order.mode !== "pipeline" || layers % size === 0 || !dropsLayers(lm)) return null
  return `before ${KEEPS_LAYERS_SINCE} it silently leaves layers out where ${layers} layers are for ${size} hosts (mlx-lm #1688)`
}

/** `--pipeline` takes no split: rank 0 has the last layers. */
function isOwnSplit({ members }: HiveOrder, layers: number): boolean {
  const counts = evenCounts(layers, members.length).toReversed()
  let end = layers
  return members.every((member, rank) => {
    end -= counts[rank] ?? 0
    return member.layers === counts[rank] && member.firstLayer === end
  })
}

/** @param port of HTTP; `null`: this rank has none */
function launch(
  { order, rank, threads, hostFile, rdma }: EngineSite,
  role: EngineRole,
  port: number | null,
): EngineLaunch {
  const size = order.members.length
  const slots = String(order.slots)
  return {
    role,
    program: "python",
    arguments: [
      ...[SAFE_PATH, "-c", MLX_LAUNCHER, "--model", order.members[rank]?.modelPath ?? ""],
      ...["--host", "127.0.0.1", "--port", String(port ?? 0)],
      ...["--decode-concurrency", slots, "--prompt-concurrency", slots],
      // Where a request does not say: to the end of its context, as llama.cpp has it.
      ...["--max-tokens", String(order.contextTokens)],
      // Caches of old prompts lie beside those of what is worked on.
      ...["--prompt-cache-size", slots],
      ...(order.mode === "pipeline" && size > 1 ? ["--pipeline"] : []),
    ],
    environment: {
      ...NOTHING_FROM_ELSEWHERE,
      ...ONE_BACKEND,
      ...(size === 1 ? {} : { MLX_RANK: String(rank), ...wayBetween(hostFile, rdma) }),
      WINDFALL_ENGINE_KEY: order.engineKey,
      WINDFALL_CONTEXT_TOKENS: String(order.contextTokens),
      WINDFALL_RANKS: String(size),
      ...Object.fromEntries(THREADS.map((name) => [name, String(threads)])),
    },
    listens: null,
  }
}

/** The ring's file, or what JACCL reads (MLX, "Distributed Without mlx.launch"); and which of them it must be. */
function wayBetween(hostFile: string | null, rdma: RdmaSite | null): Readonly<Record<string, string>> {
  if (rdma === null) return { MLX_HOSTFILE: hostFile ?? "", WINDFALL_BACKEND: "ring" }
  const { devicesFile, coordinator } = rdma
  return { MLX_IBV_DEVICES: devicesFile, MLX_JACCL_COORDINATOR: coordinator, WINDFALL_BACKEND: "jaccl" }
}

/** The model lies there: nothing is asked of a hub. */
const NOTHING_FROM_ELSEWHERE = {
  HF_HUB_OFFLINE: "1",
  TRANSFORMERS_OFFLINE: "1",
  HF_HUB_DISABLE_TELEMETRY: "1",
  PYTHONUNBUFFERED: "1",
  TOKENIZERS_PARALLELISM: "false",
}

/** What would have it look for others in another way; and what wedged GPUs (mlx #3142, #3830). */
const ONE_BACKEND = Object.fromEntries(
  [
    ...["MLX_RANK", "MLX_HOSTFILE", "MLX_WORLD_SIZE", "MLX_IBV_DEVICES", "MLX_JACCL_COORDINATOR", "MLX_JACCL_RING"],
    ...["NCCL_HOST_IP", "NCCL_PORT", "MLX_METAL_FAST_SYNCH"],
  ].map((name) => [name, undefined]),
)

const THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"]

interface Sign {
  readonly pattern: RegExp
  readonly code: EndMeaning["code"]
  readonly words: (what: string) => string
}

const SIGNS: readonly Sign[] = [
  {
    pattern: /(?<what>(?:\[jaccl\]|Cannot initialize jaccl).*)/,
    code: "unreachable",
    words: (what) => `its rank does not come to others over RDMA: ${what}`,
  },
  { pattern: /windfall: (?<what>the group has .+)/, code: "order_refused", words: (what) => what },
  { pattern: /\[ring\] connection to a peer was lost/, code: "member_lost", words: () => "another rank is gone" },
  {
    pattern: /\[ring\] Couldn't connect \(error: (?<what>\d+)\)/,
    code: "unreachable",
    words: (what) => `its rank did not reach the next one (error ${what})`,
  },
  {
    pattern: /\[ring\] Couldn't bind socket \(error: (?<what>\d+)\)|Address already in use/,
    code: "port_taken",
    words: () => "its port is taken",
  },
  {
    pattern:
      /kIOGPUCommandBufferCallbackErrorOutOfMemory|Insufficient Memory|\[malloc(?:_or_wait)?\] Unable to allocate|^MemoryError|std::bad_alloc/m,
    code: "out_of_memory",
    words: () => "there was no room",
  },
  {
    pattern:
      /AttributeError: (?:module 'mlx_lm\.(?:server|sample_utils)'|type object '(?:APIHandler|ModelProvider|ResponseGenerator)') (?<what>.+)/,
    code: "engine_missing",
    words: (what) => `this mlx-lm is not of a form that is known here: it ${what}`,
  },
  {
    pattern: /^(?:ImportError|ModuleNotFoundError|OSError): (?<what>.+)/m,
    code: "engine_missing",
    words: (what) => `this mlx-lm cannot be loaded: ${what}`,
  },
  {
    pattern: /unrecognized arguments: (?<what>.+)/,
    code: "engine_missing",
    words: (what) => `this mlx-lm does not know ${what}`,
  },
  {
    pattern: /generation thread died: (?<what>.+)/,
    code: "model_refused",
    words: (what) => `the model cannot be loaded: ${what}`,
  },
]

function explainEnd(role: EngineRole, { exitCode, signal }: EngineEnd, lastLines: readonly string[]): EndMeaning {
  const text = lastLines.join("\n")
  for (const { pattern, code, words } of SIGNS) {
    const found = pattern.exec(text)
    if (found === null) continue
    // The same thread generates: what ends it once tokens have come is no word on the model.
    const isLater = code === "model_refused" && /Prompt Cache: \d/.test(text)
    const what = found.groups?.what ?? ""
    return {
      code: isLater ? "engine_ended" : code,
      reason: isLater ? `its ${role} failed: ${what}` : words(what),
      endpoint: null,
    }
  }
  // Ranks whose rank 0 has ended abort, or end as if all were well.
  if (role === "worker" && (signal === "SIGABRT" || exitCode === 134 || exitCode === 0))
    return { code: "member_lost", reason: "another rank is gone", endpoint: null }
  const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`
  const why = signal === "SIGKILL" ? ", perhaps for want of memory" : ""
  return { code: "engine_ended", reason: `its ${role === "worker" ? "rank" : role} ${how}${why}`, endpoint: null }
}
