import type { EndMeaning, EngineEnd, EngineRole } from "./engine-adapter.ts"

const MIB = 1024 ** 2

/** A reason is one line. */
const LONGEST_ERROR = 200

/** What a line near the end says: `at` is the worker it is about, `what` a part of the words. */
interface Sign {
  readonly pattern: RegExp
  readonly code: EndMeaning["code"]
  readonly words: (what: string) => string
}

/** The first that is found counts: causes before what follows from them. */
const SIGNS: readonly Sign[] = [
  {
    pattern: /RPC server version mismatch: (?<what>\S+)(?:[\s\S]*?RPC handshake failed for (?<at>\S+))?/,
    code: "versions_differ",
    words: (what) => `its worker speaks protocol ${what}, the head another one`,
  },
  {
    pattern: /(?:unable|failed) to allocate \w+\[(?<at>[^\]]+)\] buffer(?: of size (?<what>\d+))?/,
    code: "out_of_memory",
    words: noRoom,
  },
  {
    pattern: /(?:unable|failed) to allocate (?:\w+ )?buffer(?: of size (?<what>\d+))?/,
    code: "out_of_memory",
    words: noRoom,
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorOutOfMemory|Insufficient Memory/,
    code: "out_of_memory",
    words: () => "the GPU's memory is full",
  },
  {
    // It ends before the line that names the versions is out.
    pattern: /RPC handshake failed for (?<at>\S+)/,
    code: "versions_differ",
    words: () => "its worker speaks another protocol than the head",
  },
  {
    pattern: /Failed to connect to (?<at>\S+)/,
    code: "unreachable",
    words: () => "the head did not reach its worker",
  },
  {
    pattern: /no backends are loaded/,
    code: "engine_missing",
    words: () => "this llama.cpp finds none of its backends: its libraries do not lie where it looks for them",
  },
  {
    pattern: /unknown model architecture: '(?<what>[^']*)'/,
    code: "model_refused",
    words: (what) => `this llama.cpp does not know the architecture "${what}"`,
  },
  {
    pattern: /error loading model: (?<what>.+)/,
    code: "model_refused",
    words: (what) => `the model cannot be loaded: ${what}`,
  },
  {
    // Its words lie some lines further down, after the template.
    pattern: /chat template parsing error: [^\n]*\n[\s\S]*?^Error: (?<what>.+)/m,
    code: "model_refused",
    words: templateRefused,
  },
  {
    // Or before: then there is no more than "std::exception" where it gives up.
    pattern: /common_chat_templates_init: error: (?:parser: )?(?<what>.+)[\s\S]*chat template parsing error/,
    code: "model_refused",
    words: templateRefused,
  },
  {
    pattern: /chat template parsing error: (?<what>.+)/,
    code: "model_refused",
    words: templateRefused,
  },
  {
    pattern: /(?<what>[KV] cache type \S+ with block size \d+ does not divide \S+)/,
    code: "model_refused",
    words: cacheRefused,
  },
  {
    pattern: /(?<what>(?:quantized V cache|V cache quantization) requires? flash_attn.*)/,
    code: "model_refused",
    words: cacheRefused,
  },
  {
    pattern: /(?:Failed to load CLIP model|failed to load multimodal model)/,
    code: "model_refused",
    words: () => "its projector (mmproj) cannot be loaded",
  },
  {
    pattern: /error while handling argument "(?<what>[^"]+)"/,
    code: "engine_missing",
    words: (what) => `this llama.cpp does not take the value it is given as ${what}`,
  },
  {
    pattern: /error: (?:unknown|invalid) argument: (?<what>.+)/,
    code: "engine_missing",
    words: (what) => `this llama.cpp does not know ${what}`,
  },
  {
    pattern: /couldn't bind HTTP server socket|Failed to create server socket/,
    code: "port_taken",
    words: () => "its port is taken",
  },
  {
    pattern: /Remote RPC server crashed|(?:send|recv) failed \(bytes_/,
    code: "member_lost",
    words: () => "a worker is gone",
  },
]

function noRoom(bytes: string): string {
  const size = bytes === "" ? "what it needs" : `${Math.ceil(Number(bytes) / MIB)} MiB more`
  return `there was no room for ${size}`
}

function templateRefused(what: string): string {
  return `the model's chat template cannot be used: ${what}`
}

function cacheRefused(what: string): string {
  return `its cache cannot be kept so (--kv): ${what}`
}

/** Of what llama.cpp wrote at its level of errors before it gave up loading, the first: what follows is what comes of it. */
function firstError(text: string): string | null {
  if (!text.includes("exiting due to model loading error")) return null
  const [, said] = /^[\d.]+ E +(.+)/m.exec(text) ?? []
  return said === undefined || said.includes("exiting due to") ? null : said.slice(0, LONGEST_ERROR)
}

/** What the end of llama.cpp comes to, from its last lines: those of releases 0.1 to 0.7. */
export function explainEnd(
  role: EngineRole,
  { exitCode, signal }: EngineEnd,
  lastLines: readonly string[],
): EndMeaning {
  const text = lastLines.join("\n")
  for (const { pattern, code, words } of SIGNS) {
    const found = pattern.exec(text)
    if (found !== null) return { code, reason: words(found.groups?.what ?? ""), endpoint: found.groups?.at ?? null }
  }
  const said = firstError(text)
  const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`
  const why = signal === "SIGKILL" ? ", perhaps for want of memory" : ""
  return { code: "engine_ended", reason: `its ${role} ${how}${why}${said === null ? "" : `: ${said}`}`, endpoint: null }
}
