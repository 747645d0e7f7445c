import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { DEFAULT_LIMITS, type HiveOrder } from "../order/hive-order.ts"
import { type EngineSite, engineSystem } from "./engine-adapter.ts"
import { llamaCppAdapter, tensorSplit } from "./llama-cpp-adapter.ts"

const HELP =
  "--rpc SERVERS\n-fit,  --fit [on|off]\n-cram, --cache-ram N\n-lv,   --verbosity, --log-verbosity N\n--offline "
const MIB = 1024 ** 2

/** By rank: the first layer, how many. */
function order(...members: readonly (readonly [firstLayer: number, layers: number])[]): HiveOrder {
  return {
    version: 1,
    hive: "h",
    key: "0".repeat(64),
    engineKey: "the-key-of-the-engine",
    engine: "llama.cpp",
    engineFolder: null,
    alias: "a model",
    contextTokens: 4096,
    slots: 3,
    kv: "q8_0",
    mode: members.length === 1 ? "single" : "pipeline",
    projectorPath: null,
    members: members.map(([firstLayer, layers], rank) => ({
      modelPath: rank === 0 ? "/models/a.gguf" : null,
      firstLayer,
      layers,
    })),
    httpPort: null,
    threads: 2,
    cacheBytes: 0,
    limits: DEFAULT_LIMITS,
  }
}

function site(of: HiveOrder, rank: number, changes: Partial<EngineSite> = {}): EngineSite {
  return {
    order: of,
    rank,
    threads: 2,
    devices: [],
    help: HELP,
    version: "0.7.0",
    cacheFolder: null,
    rdma: null,
    hostFile: null,
    ...changes,
  }
}

function flag(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name)
  return at === -1 ? undefined : words[at + 1]
}

const TWO = order([0, 5], [5, 11])

describe("llama.cpp's arguments", () => {
  it("are those for embeddings where the order says so, with a batch that holds a whole text", () => {
    const of: HiveOrder = { ...order([0, 16]), purpose: "embeddings", batchTokens: 8_192 }
    const help = `${HELP}\n--embedding, --embeddings   restrict to only support embedding use case`
    const { arguments: words } = llamaCppAdapter.head(site(of, 0, { help }), 8080, [])
    assert.ok(words.includes("--embeddings"))
    assert.deepEqual([flag(words, "--batch-size"), flag(words, "--ubatch-size")], ["8192", "8192"])
    // The header says how one vector is made.
    assert.ok(!words.includes("--pooling"))
    assert.equal(llamaCppAdapter.lacks(site(of, 0, { help })), null)
    assert.match(llamaCppAdapter.lacks(site(of, 0)) ?? "", /makes no embeddings/)
    assert.ok(!llamaCppAdapter.head(site(order([0, 16]), 0, { help }), 8080, []).arguments.includes("--embeddings"))
    assert.equal(llamaCppAdapter.http.canary(of, "w").path, "/v1/embeddings")
    const answer = (embedding: unknown) => ({ data: [{ embedding }], usage: { prompt_tokens: 5, total_tokens: 5 } })
    assert.equal(llamaCppAdapter.http.canaryTokens(answer([0.1, 0.2])), 5)
    for (const none of [[], [0.1, null], undefined, "AAAA"])
      assert.equal(llamaCppAdapter.http.canaryTokens(answer(none)), 0)
  })

  it("give whole layers in the order of the layers, and the output to the last", () => {
    assert.deepEqual(tensorSplit(TWO), [5, 12])
    // The head may have the middle.
    assert.deepEqual(tensorSplit(order([8, 5], [0, 8], [13, 4])), [8, 5, 5])
  })

  it("name devices by their place in the list of workers, and the head's GPU by its own name", () => {
    const three = order([8, 5], [0, 8], [13, 4])
    const workers = [
      { rank: 1, address: "10.0.0.2", port: 1001 },
      { rank: 2, address: "10.0.0.3", port: 1002 },
    ]
    const metal = llamaCppAdapter.head(site(three, 0, { devices: ["MTL0"] }), 80, workers).arguments
    assert.equal(flag(metal, "--rpc"), "10.0.0.2:1001,10.0.0.3:1002")
    assert.equal(flag(metal, "--device"), "RPC0,MTL0,RPC1")
    assert.equal(flag(metal, "--tensor-split"), "8,5,5")
    const own = [{ rank: 0, address: "127.0.0.1", port: 1000 }, ...workers]
    assert.equal(flag(llamaCppAdapter.head(site(three, 0), 80, own).arguments, "--device"), "RPC1,RPC0,RPC2")
  })

  it("leave nothing to what is free or to a default", () => {
    const words = llamaCppAdapter.head(site(TWO, 0), 4711, [{ rank: 1, address: "10.0.0.2", port: 1001 }]).arguments
    assert.equal(flag(words, "--fit"), "off")
    assert.equal(flag(words, "--port"), "4711")
    assert.equal(flag(words, "--host"), "127.0.0.1")
    assert.equal(flag(words, "--ctx-size"), String(3 * 4096))
    assert.equal(flag(words, "--cache-ram"), "0")
  })

  it("have no flag that this release does not know, and no key", () => {
    const launch = llamaCppAdapter.head(site(order([0, 16]), 0), 4711, [])
    assert.equal(launch.arguments.includes("--sse-ping-interval"), false)
    assert.equal(launch.arguments.includes("--rpc"), false)
    assert.ok(!launch.arguments.join(" ").includes("the-key-of-the-engine"))
    assert.equal(launch.environment.LLAMA_API_KEY, "the-key-of-the-engine")
  })

  it("start a worker on the head's host only where it has layers and no GPU", () => {
    const at = { address: "127.0.0.1", port: 1000 }
    assert.notEqual(llamaCppAdapter.worker(site(TWO, 0), at), null)
    assert.equal(llamaCppAdapter.worker(site(TWO, 0, { devices: ["MTL0"] }), at), null)
    assert.equal(llamaCppAdapter.worker(site(order([0, 0], [0, 16]), 0), at), null)
    assert.equal(llamaCppAdapter.worker(site(order([0, 16]), 0), at), null)
    const other = llamaCppAdapter.worker(site(TWO, 1, { devices: ["MTL0", "MTL1"], cacheFolder: "/kept" }), at)
    assert.equal(flag(other?.arguments ?? [], "-d"), "MTL0")
    assert.ok(other?.arguments.includes("-c"))
    assert.equal(other?.environment.LLAMA_CACHE, "/kept")
  })

  it("have the head alone see images, on its own GPU or its processor, and need a release that can", () => {
    const help = `${HELP}\n-mm,   --mmproj FILE\n--mmproj-offload, --no-mmproj-offload`
    const sees = { ...TWO, projectorPath: "model/mmproj.gguf" }
    const words = (devices: readonly string[]) =>
      llamaCppAdapter.head(site(sees, 0, { help, devices }), 80, [{ rank: 1, address: "10.0.0.2", port: 1001 }])
        .arguments
    assert.equal(flag(words(["MTL0"]), "--mmproj"), "model/mmproj.gguf")
    assert.deepEqual(
      [words(["MTL0"]), words([])].map((one) => one.includes("--no-mmproj-offload")),
      [false, true],
    )
    assert.equal(llamaCppAdapter.lacks(site(sees, 0, { help })), null)
    assert.match(llamaCppAdapter.lacks(site(sees, 0)) ?? "", /takes no images/)
    assert.equal(llamaCppAdapter.head(site(TWO, 0), 80, []).arguments.includes("--mmproj"), false)
  })

  it("need a build with RPC for several hosts", () => {
    assert.equal(llamaCppAdapter.lacks(site(TWO, 0)), null)
    assert.match(llamaCppAdapter.lacks(site(TWO, 0, { help: "--port N" })) ?? "", /without RPC/)
    assert.equal(llamaCppAdapter.lacks(site(order([0, 16]), 0, { help: "--port N" })), null)
  })
})

describe("llama.cpp's words", () => {
  it("tell versions of old and new kinds", () => {
    const read = llamaCppAdapter.readVersion
    assert.equal(
      read("version: 0.7.0 (build 11669, commit Debian)\nbuilt with GNU 16.2.0"),
      "0.7.0 (build 11669, commit Debian)",
    )
    assert.equal(read("ggml_x: failed\nversion: 6123 (4fd1242b)\n"), "6123 (4fd1242b)")
    assert.equal(read("error: unknown argument: --version"), null)
  })

  it("tell devices that layers can be on", () => {
    const printed =
      "Available devices:\n  MTL0: Apple M4 Max (98304 MiB, 98303 MiB free)\n  BLAS: Accelerate (0 MiB, 0 MiB free)\n"
    assert.deepEqual(llamaCppAdapter.readDevices(printed), ["MTL0"])
    assert.deepEqual(llamaCppAdapter.readDevices("Available devices:\n  (none)\n"), [])
    assert.deepEqual(llamaCppAdapter.readDevices("  CPU: Intel(R) Xeon(R) Processor (24105 MiB, 24105 MiB free)"), [])
  })

  it("tell where buffers are", () => {
    const read = llamaCppAdapter.readBuffer
    const model = "0.00.049.589 I load_tensors: RPC0[127.0.0.2:50061] model buffer size =     0.50 MiB"
    assert.deepEqual(read(model), { endpoint: "127.0.0.2:50061", kind: "model", bytes: MIB / 2 })
    assert.deepEqual(read("load_tensors:   CPU_Mapped model buffer size =     2.00 MiB"), {
      endpoint: null,
      kind: "model",
      bytes: 2 * MIB,
    })
    const cache = "I llama_kv_cache: RPC0[10.0.0.3:50062] KV buffer size =    36.00 MiB"
    assert.deepEqual(read(cache), { endpoint: "10.0.0.3:50062", kind: "cache", bytes: 36 * MIB })
    assert.equal(read("sched_reserve: MTL0 compute buffer size =     4.68 MiB")?.kind, "compute")
    assert.equal(read("I srv    load_model: loading model"), null)
  })

  it("tell why it ended, and whose fault it was", () => {
    const end = { exitCode: null, signal: "SIGABRT" }
    const explain = (...lines: readonly string[]) => llamaCppAdapter.explainEnd("head", end, lines)
    assert.deepEqual(
      explain("E RPC server version mismatch: 7.0.0", "ggml-rpc.cpp:653: RPC handshake failed for 10.0.0.2:1"),
      {
        code: "versions_differ",
        reason: "its worker speaks protocol 7.0.0, the head another one",
        endpoint: "10.0.0.2:1",
      },
    )
    assert.deepEqual(explain("E ggml_x: failed to allocate RPC0[10.0.0.3:2] buffer of size 819200000"), {
      code: "out_of_memory",
      reason: "there was no room for 782 MiB more",
      endpoint: "10.0.0.3:2",
    })
    assert.deepEqual(
      [explain("ggml-rpc.cpp:650: Failed to connect to 10.0.0.3:2")].map(({ code, endpoint }) => [code, endpoint]),
      [["unreachable", "10.0.0.3:2"]],
    )
    assert.equal(
      explain("ggml-rpc.cpp:685: Remote RPC server crashed or returned malformed response").code,
      "member_lost",
    )
    assert.equal(
      explain("E llama_model_load: error loading model: unknown model architecture: 'x'").code,
      "model_refused",
    )
    assert.equal(
      explain("E llama_model_load_from_file_impl: no backends are loaded. hint: use ggml_backend_load()").code,
      "engine_missing",
    )
    assert.equal(
      explain("E srv start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 1").code,
      "port_taken",
    )
    assert.equal(explain("all is well").reason, "its head was ended by SIGABRT")
  })

  it("tell whether requests get on", () => {
    const slot = (decoded: number) => [
      { id: 0, id_task: 7, is_processing: true, n_prompt_tokens_processed: 10, next_token: [{ n_decoded: decoded }] },
      { id: 1, is_processing: false },
    ]
    const { progress } = llamaCppAdapter.http
    assert.equal(progress(slot(3)).busy, 1)
    assert.notEqual(progress(slot(3)).mark, progress(slot(4)).mark)
    assert.equal(progress(slot(3)).mark, progress(slot(3)).mark)
    for (const odd of [null, 7, {}, [null], "x"]) assert.equal(progress(odd).busy, 0)
  })
})

it("where to get it is said for the system of the host", () => {
  const said = (system: string, arch: string) => llamaCppAdapter.whereToGet(engineSystem({ system, arch }))
  assert.match(said("macOS 26.1", "arm64"), /-bin-macos-arm64\.tar\.gz .*no administrator/)
  assert.match(said("Debian GNU/Linux 13", "x86_64"), /-bin-ubuntu-x64\.tar\.gz .*no administrator/)
  assert.match(said("Ubuntu 24.04", "aarch64"), /-bin-ubuntu-arm64\.tar\.gz/)
  assert.match(llamaCppAdapter.whereToGet(engineSystem(null)), /macos-arm64/)
})
