import assert from "node:assert/strict"
import { symlinkSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { assertRefused } from "../../../test/support/assert-refused.ts"
import { Child, type Ended } from "../../../test/support/child.ts"
import {
  denseModel,
  headerOf,
  LLAMA_3_8B,
  LLAMA_3_70B,
  type ModelHeader,
  smallModel,
  withExperts,
} from "../../../test/support/hive-models.ts"
import { HubServer } from "../../../test/support/hub-server.ts"
import { projectorHeader } from "../../../test/support/random-projector.ts"
import { safetensorsHeader, smallQwen2 } from "../../../test/support/safetensors-files.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"

const MAIN = join(import.meta.dirname, "../main.ts")
const scratch = new ScratchFolder()
after(() => scratch[Symbol.dispose]())

const STUDIOS = [
  { name: "studio", chip: "M3 Ultra", gpuCores: 80, memory: "96G", network: "10GbE" },
  { name: "max", chip: "M4 Max", gpuCores: 40, memory: "64G", owner: "anna", network: "10GbE" },
  { name: "mini", chip: "M4", memory: "16G", network: "1GbE" },
]

/** As large as the whole file would be, and hardly any of it on the disk. */
function write(name: string, model: ModelHeader): void {
  const { header, dataBytes } = headerOf(model)
  scratch.write({ [name]: header })
  truncateSync(scratch.at(name), header.length + dataBytes)
}

write("llama-8b.gguf", denseModel(LLAMA_3_8B))
write("llama-70b.gguf", denseModel(LLAMA_3_70B))
const qwen3 = { ...LLAMA_3_70B, architecture: "qwen3moe", layers: 94, hidden: 4096, kvHeads: 4, context: 40960 }
write("experts.gguf", withExperts(denseModel(qwen3), 96, 8, 1536))
write("llama-8b-00000-of-00000.gguf", denseModel(LLAMA_3_8B))
write("odd.gguf", smallModel(2, { architecture: "lama" }))
scratch.write({ "cut.gguf": headerOf(smallModel()).header.subarray(0, 900), "text.gguf": "no model" })
scratch.write({
  "studios.json": JSON.stringify({ hosts: STUDIOS }),
  "wifi.json": JSON.stringify({ hosts: STUDIOS.map((host) => ({ ...host, network: "wifi" })) }),
  "small.json": JSON.stringify({ hosts: STUDIOS.slice(2) }),
  "broken.json": "{",
})

/** Where hubs that nobody means are: nothing listens there. */
const NO_HUB = "http://127.0.0.1:64999"

async function plan(...args: string[]): Promise<Ended> {
  return planAt(NO_HUB, ...args)
}

async function planAt(hub: string, ...args: string[]): Promise<Ended> {
  const env = { HF_ENDPOINT: hub, HF_TOKEN: "hf_plan" }
  return await new Child(process.execPath, [MAIN, "model", "plan", ...args], { cwd: scratch.path, env }).ended
}

interface Printed {
  readonly fits: boolean
  readonly plan: {
    readonly members: readonly Readonly<Record<string, number>>[]
    readonly tensorSplit: readonly number[] | null
    readonly tokensPerSecond: { readonly generation: { readonly low: number; readonly high: number } }
  }
  readonly advice: readonly string[]
  readonly remedies: readonly string[]
  readonly replicas: readonly unknown[]
}

async function json(...args: string[]): Promise<Printed> {
  const { stdout, stderr } = await plan("--json", ...args)
  assert.equal(stderr, "")
  return JSON.parse(stdout) as Printed
}

describe("windfall model plan", () => {
  it("takes one Mac where one holds the model, and says that a split is slower", async () => {
    const { exitCode, stdout } = await plan("--fleet", "studios.json", "llama-8b.gguf")
    assert.equal(exitCode, 0)
    assert.match(stdout, /^fits +yes, on one Mac$/m)
    assert.match(stdout, /One Mac alone is faster than any split/)
    assert.match(stdout, /^ {2}mini +it has .* the model needs/m)
  })

  it("splits where none does, within budgets, with each layer once", async () => {
    const { fits, plan: hive, remedies } = await json("--fleet", "studios.json", "llama-70b.gguf")
    assert.ok(fits)
    assert.deepEqual(hive.members.map(({ host }) => host).sort(), ["max", "studio"])
    let next = 0
    for (const member of hive.members) {
      assert.equal(member.firstLayer, next)
      next = member.lastLayer! + 1
      assert.ok(member.needBytes! <= member.budgetBytes!)
      const parts = member.weightBytes! + member.kvBytes! + member.computeBytes! + member.reserveBytes!
      assert.ok(Math.abs(parts - member.needBytes!) <= 3)
    }
    assert.equal(next, 80)
    assert.equal(
      hive.tensorSplit?.reduce((sum, count) => sum + count, 0),
      81,
    )
    assert.ok(
      remedies.some((text) => /fits on one Mac with --slots [123]$/.test(text)),
      remedies.join("\n"),
    )
  })

  it("keeps what it recommends: with less context, fewer slots, a smaller cache it fits on one Mac", async () => {
    const { remedies } = await json("--fleet", "studios.json", "llama-70b.gguf")
    const options = remedies.flatMap((text) => /--(?:context|slots|kv) \S+$/.exec(text)?.[0].split(" ") ?? [])
    assert.ok(options.length >= 4, remedies.join("\n"))
    for (let at = 0; at < options.length; at += 2) {
      const { plan: hive } = await json("--fleet", "studios.json", "llama-70b.gguf", options[at]!, options[at + 1]!)
      assert.equal(hive.members.length, 1, options.slice(at, at + 2).join(" "))
    }
  })

  it("says what Wi-Fi costs, and when it makes a split pointless", async () => {
    const dense = await json("--fleet", "wifi.json", "llama-70b.gguf")
    assert.match(dense.advice.join("\n"), /Wi-Fi.*: the ways take \d+ ms of each token/)
    assert.match(dense.remedies.join("\n"), /Cables: over Gigabit Ethernet about \d/)
    assert.ok(dense.plan.tokensPerSecond.generation.high < 17)
    const sparse = await json("--fleet", "wifi.json", "experts.gguf")
    assert.match(sparse.advice.join("\n"), /Wi-Fi makes this split pointless/)
    const small = await json("--fleet", "wifi.json", "llama-8b.gguf")
    assert.match(small.advice.join("\n"), /One Mac alone is faster: Wi-Fi makes a split pointless/)
  })

  it("says what would make it fit, with exit code 1", async () => {
    const { exitCode, stdout, stderr } = await plan("--fleet", "small.json", "llama-70b.gguf")
    assert.deepEqual([exitCode, stderr], [1, ""])
    assert.match(stdout, /^fits +no$/m)
    assert.match(stdout, /Another Mac: with one more of \d+ GB it fits/)
  })

  it("says how often it fits where that is not as often as was asked, and what would help", async () => {
    const asked = ["--fleet", "studios.json", "llama-70b.gguf", "--replicas", "2"]
    const { exitCode, stdout, stderr } = await plan(...asked)
    assert.deepEqual([exitCode, stderr], [1, ""])
    assert.match(stdout, /^fits +once, not twice; over 2 Macs$/m)
    assert.match(stdout, /^What would help:\n(?: {2}.*\n)* {2}Another Mac: with one more of \d+ GB it fits twice\n/m)
    assert.match(stdout, /^ {2}Fewer replicas: it fits with --replicas 1$/m)
    const { remedies } = await json(...asked)
    const option = remedies
      .flatMap((text) => /it fits twice with (--\S+) (\S+)$/.exec(text)?.slice(1) ?? [])
      .slice(0, 2)
    assert.equal(option.length, 2, remedies.join("\n"))
    assert.equal((await plan(...asked, ...option)).exitCode, 0)
    const four = await plan("--fleet", "small.json", "llama-8b.gguf", "--context", "8k", "--replicas", "4")
    assert.match(four.stdout, /^fits +once, not 4 times; on one Mac$/m)
    assert.match(four.stdout, /^ {2}Other Macs: with 3 more of \d+ GB it fits 4 times$/m)
  })

  it("plans MLX from a folder, and replicas on Macs of their own", async () => {
    const { config, tensors } = smallQwen2(4, true)
    const index = { metadata: { total_size: 8e9 }, weight_map: { "lm_head.weight": "a.safetensors" } }
    assert.ok(Object.keys(tensors).length > 0)
    scratch.write({
      "qwen/config.json": JSON.stringify(config),
      "qwen/model.safetensors.index.json": JSON.stringify(index),
    })
    const printed = await json("--fleet", "studios.json", "qwen", "--replicas", "2")
    assert.equal(printed.replicas.length, 2)
    assert.equal(printed.plan.tensorSplit, null)
  })

  it("reads headers from a repository, and nothing of its weights", async () => {
    await using hub = await HubServer.start()
    hub.token = "hf_plan"
    const { header } = headerOf(smallModel())
    const weights = Buffer.alloc(headerOf(smallModel()).dataBytes)
    const small = Buffer.concat([header, weights])
    const parts = [1, 2].map((n) => `Q4_K_M/tiny-Q4_K_M-0000${n}-of-00002.gguf`)
    hub.add("lab/tiny", { "tiny-Q8_0.gguf": small, [parts[0] ?? ""]: small, [parts[1] ?? ""]: small })
    const { config, tensors } = smallQwen2(4, false)
    const { header: head, dataBytes } = safetensorsHeader(tensors)
    const whole = Buffer.concat([head, Buffer.alloc(dataBytes)])
    hub.add("lab/qwen", {
      "config.json": JSON.stringify(config),
      "model.safetensors": whole,
      "pytorch_model.bin": whole,
    })
    const on = ["--fleet", "studios.json"]
    for (const name of ["lab/tiny:q8_0", "lab/qwen"]) {
      const { exitCode, stdout, stderr } = await planAt(hub.url, "--json", ...on, name)
      assert.deepEqual([exitCode, stderr], [0, ""], name)
      assert.ok((JSON.parse(stdout) as Printed).plan.members.length > 0)
    }
    assert.ok(hub.fetched.every(({ range }) => range !== null))
    assert.ok(hub.asked.every(({ origin, token }) => (origin === "hub") === (token === "hf_plan")))
    assert.ok(!hub.asked.some(({ path }) => path.includes(".bin") || path.includes("Q4_K_M")))
    assertRefused(await planAt(hub.url, ...on, "lab/tiny"), /it has 2 models/, /Q4_K_M.*Q8_0/)
    assertRefused(await planAt(hub.url, ...on, "lab/tiny:Q4KM"), /no such model/, /Did you mean Q4_K_M/)
    assertRefused(await planAt(hub.url, ...on, "lab/none"), /no such repository/)
  })

  it("reckons with what sees images, of a repository and beside a file, unless it is to be without", async () => {
    await using hub = await HubServer.start()
    hub.token = "hf_plan"
    const whole = ({ header, dataBytes }: ReturnType<typeof headerOf>) =>
      Buffer.concat([header, Buffer.alloc(dataBytes)])
    const files = {
      "tiny-Q4_K_M.gguf": whole(headerOf(smallModel())),
      "mmproj-F16.gguf": whole(projectorHeader({ width: 256 })),
    }
    hub.add("lab/sees", { ...files, "mmproj-F32.gguf": "not looked at" })
    scratch.write({
      "sees/tiny-Q4_K_M.gguf": files["tiny-Q4_K_M.gguf"],
      "sees/mmproj-F16.gguf": files["mmproj-F16.gguf"],
    })
    for (const name of ["lab/sees", "sees", "sees/tiny-Q4_K_M.gguf"]) {
      const on = ["--fleet", "studios.json", name]
      const read = async (...words: string[]) => {
        const { stdout, stderr } = await planAt(hub.url, "--json", ...on, ...words)
        assert.equal(stderr, "")
        const { model, plan: hive } = JSON.parse(stdout) as Printed & { model: { projector: { file: string } | null } }
        return { file: model.projector?.file ?? null, need: hive.members[0]?.needBytes ?? 0 }
      }
      const [sees, without] = [await read(), await read("--no-images")]
      assert.deepEqual([sees.file, without.file], ["mmproj-F16.gguf", null], name)
      assert.ok(sees.need > without.need)
      const between = `${Math.round((sees.need + without.need) / 2 / 1024)}K`
      const tight = { name: "tight", chip: "M4 Max", memory: "64G", workingSet: between, network: "1GbE" }
      scratch.write({ "tight.json": JSON.stringify({ hosts: [tight] }) })
      const { stdout } = await planAt(hub.url, "--fleet", "tight.json", name)
      assert.match(stdout, /^ {2}No images: it fits with --no-images$/m)
    }
    assert.match(
      (await plan("--fleet", "studios.json", "sees")).stdout,
      /^images +by mmproj-F16\.gguf, .* on the head$/m,
    )
  })

  it("refuses what is broken, before anything else", async () => {
    const on = ["--fleet", "studios.json"]
    assertRefused(
      await plan(...on, "cut.gguf"),
      /cut\.gguf: the file ends at byte 900, within its header/,
      /Fetch it again/,
    )
    assertRefused(await plan(...on, "text.gguf"), /it is no GGUF file/)
    assertRefused(await plan(...on, ""), /its name is empty/)
    assertRefused(await plan("--fleet", "", "llama-8b.gguf"), /--fleet.*it is empty/)
    assertRefused(await plan(...on, "llama-8b-00000-of-00000.gguf"), /part 0 of 0/, /Rename it/)
    assertRefused(await plan(...on, "none.gguf"), /none\.gguf/, /Name a GGUF file/)
    assertRefused(await plan(...on, "org/model"), /Cannot list org\/model: ECONNREFUSED/, /The hub is http\S+$/m)
    assertRefused(
      await plan(...on, "odd.gguf"),
      /architecture "lama"/,
      /Near it is "llama".*windfall model plan --any-architecture .*model serve takes only those that are known/,
    )
    assertRefused(
      await plan(...on, "llama-8b.gguf", "--context", "200k"),
      /204800 tokens: it was made for 131072/,
      /--context 131072/,
    )
    assertRefused(await plan(...on, "llama-8b.gguf", "--engine", "mlx"), /it is a gguf model/, /leave out --engine/)
    assertRefused(await plan(...on, "llama-8b.gguf", "--slots", "0"), /slots/)
    assertRefused(
      await plan("--fleet", "broken.json", "llama-8b.gguf"),
      /broken\.json: it is no JSON/,
      /docs\/model-plan\.md/,
    )
    symlinkSync("gone/dang.gguf", scratch.at("dang.gguf"))
    symlinkSync("circle.gguf", scratch.at("circle.gguf"))
    scratch.write({ "dead/model.safetensors": "" })
    symlinkSync("../gone.json", scratch.at("dead/config.json"))
    const itself = /Put the file itself in the place of the link/
    assertRefused(
      await plan(...on, "dang.gguf"),
      /Cannot read dang\.gguf: it is a link to nothing: there is no gone\/dang\.gguf/,
      itself,
    )
    assertRefused(await plan(...on, "circle.gguf"), /circle\.gguf: a link in its path leads in a circle/, itself)
    assertRefused(await plan(...on, "dead"), /config\.json: it is a link to nothing: there is no \.\.\/gone\.json/)
    assert.equal((await plan(...on, "odd.gguf", "--any-architecture")).exitCode, 0)
  })
})
