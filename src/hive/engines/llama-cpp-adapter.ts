import type { PlacedBytes } from "../order/hive-news.ts"
import { type HiveOrder, ranksByLayer } from "../order/hive-order.ts"
import type { EngineAdapter, EngineLaunch, EngineSite, EngineSystem, RankedEndpoint } from "./engine-adapter.ts"
import { LLAMA_BATCH_TOKENS } from "./llama-batch.ts"
import { embeddingCanary, embeddingFlags, embeddingTokens } from "./llama-embeddings.ts"
import { explainEnd } from "./llama-ends.ts"

const MIB = 1024 ** 2

/**
 * llama.cpp as its authors ship it: `ggml-rpc-server` on the members, `llama-server` as the head, which reads the file and gives each its
 * layers. Flags, lines and ends are those of releases 0.1 to 0.7.
 */
export const llamaCppAdapter: EngineAdapter = {
  engine: "llama.cpp",
  // The worker was renamed in 2026; packages have either.
  programs: { head: ["llama-server"], worker: ["ggml-rpc-server", "rpc-server"] },
  // The head answers on loopback, and a worker beside it listens there.
  listeners: (rank) => (rank > 0 ? ["worker"] : []),
  whereToGet: (on) =>
    `unpack llama-VERSION-bin-${buildFor(on)}.tar.gz of a release of github.com/ggml-org/llama.cpp below ~/.windfall/tools/ on that host, the same release on all; no administrator is needed`,
  versionCommand: { program: "head", arguments: ["--version"] },
  helpCommand: { program: "head", arguments: ["--help"] },
  devicesCommand: { program: "head", arguments: ["--list-devices"] },
  keepsAnswers: true,
  refuses: () => null,
  lacks: ({ order, help }) => {
    if (order.members.length > 1 && !/^ *--rpc\b/m.test(help))
      return "it was built without RPC, which several hosts need"
    if (order.projectorPath !== null && !/(?:^|[\s,])--mmproj\b/m.test(help))
      return "it is of a release whose server takes no images"
    if (order.purpose === "embeddings" && embeddingFlags(order, help).length === 0)
      return "it is of a release whose server makes no embeddings"
    return null
  },
  readVersion: (output) => /^version: +(\S.*?) *$/m.exec(output)?.[1] ?? null,
  readDevices,
  worker,
  head,
  readProtocol: (line) => /^Starting RPC server v(\S+)/.exec(line)?.[1] ?? null,
  readBuffer(line) {
    const [, endpoint, kind, mebibytes] =
      /: +\w+(?:\[([^\]]+)\])? +(model|KV|RS|compute) buffer size = +([\d.]+) MiB/.exec(line) ?? []
    if (kind === undefined) return null
    return { endpoint: endpoint ?? null, kind: KINDS[kind] ?? "cache", bytes: Math.round(Number(mebibytes) * MIB) }
  },
  explainEnd,
  http: {
    healthPath: "/health",
    canary({ alias, purpose }, word) {
      if (purpose === "embeddings") return embeddingCanary(alias, word)
      return {
        path: "/v1/completions",
        body: { model: alias, prompt: `${word} 1 2 3`, max_tokens: 2, temperature: 0, cache_prompt: false },
      }
    },
    canaryTokens(body) {
      const tokens = (body as { usage?: { completion_tokens?: unknown } } | null)?.usage?.completion_tokens
      return typeof tokens === "number" ? tokens : embeddingTokens(body)
    },
    // Its own are called repeat_penalty and repeat_last_n.
    lacks: ["repetition_penalty", "repetition_context_size"],
    leastNumbers: {},
    // It has them in 32 bits, and the last one stands for any (LLAMA_DEFAULT_SEED).
    seeds: 2 ** 32 - 1,
    defaults: {},
    tellsPrompt: { return_progress: true },
    progressPath: "/slots",
    progress(body) {
      const slots = (Array.isArray(body) ? body : []) as readonly Slot[]
      const busy = slots.filter((slot) => slot?.is_processing === true)
      const marks = busy.map(({ id, id_task, n_prompt_tokens_processed, next_token }) =>
        [id, id_task, n_prompt_tokens_processed, next_token?.[0]?.n_decoded].join("."),
      )
      return { busy: busy.length, mark: marks.join(" ") }
    },
  },
}

/** What the authors' archives are called (their workflow release.yml); those for Ubuntu run where glibc is as new. */
function buildFor({ isMac, arch }: EngineSystem): string {
  const processor = arch === "arm64" || arch === "aarch64" ? "arm64" : "x64"
  return `${isMac ? "macos" : "ubuntu"}-${processor}`
}

const KINDS: Readonly<Record<string, PlacedBytes["kind"]>> = { model: "model", compute: "compute" }

interface Slot {
  readonly id?: unknown
  readonly id_task?: unknown
  readonly is_processing?: unknown
  readonly n_prompt_tokens_processed?: unknown
  readonly next_token?: readonly { readonly n_decoded?: unknown }[]
}

/** `  MTL0: Apple M4 (12124 MiB, 12123 MiB free)`. Some have no memory of their own, as an accelerator of matrices: no layers go there. */
function readDevices(output: string): string[] {
  return [...output.matchAll(/^ +([A-Za-z]+\d*): .*\((\d+) MiB, \d+ MiB free\)/gm)].flatMap(
    ([, name = "", mebibytes]) => (name !== "CPU" && Number(mebibytes) > 0 ? [name] : []),
  )
}

/** The head's own layers lie on its GPU; without one in a worker on its host, since else they could only be the first ones. */
function hasWorker({ order, rank, devices }: EngineSite): boolean {
  if (order.members.length === 1) return false
  return rank > 0 || (devices.length === 0 && (order.members[0]?.layers ?? 0) > 0)
}

function worker(site: EngineSite, endpoint: { address: string; port: number }): EngineLaunch | null {
  if (!hasWorker(site)) return null
  const { threads, devices, cacheFolder } = site
  return {
    role: "worker",
    program: "worker",
    arguments: [
      ...["-H", endpoint.address, "-p", String(endpoint.port), "-t", String(threads)],
      // One device: the head counts each as a place of its own, and its numbers would no longer be the ranks'.
      ...(devices[0] === undefined ? [] : ["-d", devices[0]]),
      ...(cacheFolder === null ? [] : ["-c"]),
    ],
    environment: { ...QUIET, ...(cacheFolder === null ? {} : { LLAMA_CACHE: cacheFolder }) },
    listens: endpoint,
  }
}

/** An abort would have a debugger print for half a second first. */
const QUIET = { GGML_NO_BACKTRACE: "1" }

/** Takes only what this release knows: flags come and go. */
function known(help: string, ...flags: readonly (readonly [flag: string, value?: string])[]): string[] {
  const words = new Set(help.split(/[\s,]+/))
  return flags.filter(([flag]) => words.has(flag)).flatMap((flag) => flag as readonly string[])
}

function head(site: EngineSite, port: number, workers: readonly RankedEndpoint[]): EngineLaunch {
  const { order, threads, help, devices } = site
  const { projectorPath } = order
  const batchTokens = String(order.batchTokens ?? LLAMA_BATCH_TOKENS)
  return {
    role: "head",
    program: "head",
    arguments: [
      ...["--model", order.members[0]?.modelPath ?? "", "--alias", order.alias],
      ...(projectorPath === null ? [] : ["--mmproj", projectorPath]),
      // Its default port has changed between releases.
      ...["--host", "127.0.0.1", "--port", String(port)],
      ...["--ctx-size", String(order.contextTokens * order.slots), "--parallel", String(order.slots)],
      ...["--batch-size", batchTokens, "--ubatch-size", batchTokens],
      ...embeddingFlags(order, help),
      ...["--cache-type-k", order.kv, "--cache-type-v", order.kv],
      ...["--threads", String(threads), "--threads-batch", String(threads)],
      ...["--gpu-layers", "99999"],
      // What was planned, and not what it finds free.
      ...placement(site, workers),
      ...known(
        help,
        ["--fit", "off"],
        // It would keep 8 GiB of caches of old prompts beside what was planned.
        ["--cache-ram", "0"],
        // Where it says what it works on.
        ["--slots"],
        // A stream that is cut waits for its next ping.
        ["--sse-ping-interval", "1"],
        // At this level it says where its buffers are, and nothing of what it is asked.
        ["--log-verbosity", "4"],
        ["--log-colors", "off"],
        ["--offline"],
        // Without a GPU of its own it would put what sees images on another's.
        ...(projectorPath !== null && devices.length === 0 ? ([["--no-mmproj-offload"]] as const) : []),
      ),
    ],
    environment: { ...QUIET, LLAMA_API_KEY: order.engineKey },
    listens: { address: "127.0.0.1", port },
  }
}

/** Whole layers for each, in the order of the layers; the last one's number includes the output. */
function placement({ order, devices }: EngineSite, workers: readonly RankedEndpoint[]): string[] {
  if (order.members.length === 1) return []
  const ordered = ranksByLayer(order)
  const names = ordered.map((rank) => {
    const at = workers.findIndex((one) => one.rank === rank)
    return at === -1 ? (devices[0] ?? "") : `RPC${at}`
  })
  return [
    ...["--rpc", workers.map(({ address, port: at }) => `${address}:${at}`).join(",")],
    ...["--split-mode", "layer", "--device", names.join(","), "--tensor-split", tensorSplit(order).join(",")],
  ]
}

/** Layers of each, in the order of the layers, with the output as one more of the last. They add up to the model's layers and one. */
export function tensorSplit(order: Pick<HiveOrder, "members">): readonly number[] {
  const ordered = ranksByLayer(order)
  return ordered.map((rank, at) => (order.members[rank]?.layers ?? 0) + (at === ordered.length - 1 ? 1 : 0))
}
