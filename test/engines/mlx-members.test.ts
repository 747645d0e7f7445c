/** What goes wrong with MLX, and what its server would do if it were left alone. */
import assert from "node:assert/strict"
import { chmodSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { complete, HiveScene, type HiveSetup, signal } from "../support/hive-scene.ts"
import { findMlx } from "../support/mlx.ts"
import { writeRandomFolder } from "../support/random-safetensors.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const mlx = await findMlx()
const skip = "lacking" in mlx && mlx.lacking
const engine = { engine: "mlx", engineFolder: "folder" in mlx ? mlx.folder : "" } as const
const SECRET = "what nobody is to read"

const alone = (setup: Partial<HiveSetup> = {}) => HiveScene.set({ ...engine, layers: [2], ...setup })
const two = (setup: Partial<HiveSetup> = {}) =>
  HiveScene.set({ ...engine, layers: [4, 4], ...setup, changes: { mode: "tensor", ...setup.changes } })

function ask(port: number, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body: text })
}

/** @param member whose fault it is; `undefined`: whoever was the first */
async function endsAs(
  scene: HiveScene,
  member: number | null | undefined,
  code: string,
  exitCode: number,
): Promise<string> {
  const lost = await scene.members[0]!.says("lost")
  assert.deepEqual([member === undefined ? undefined : lost.member, lost.code], [member, code], lost.reason)
  for (const each of scene.members) assert.equal((await each.ended).exitCode, exitCode)
  assert.deepEqual(scene.alive(), [])
  return lost.reason
}

describe("MLX's server", { skip, timeout: 300_000 }, () => {
  it("asks for a key, has one model whatever a request names, fetches nothing, keeps its context, and logs no request", async () => {
    await using scene = await alone()
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    const key = { authorization: `Bearer ${scene.order.engineKey}` }
    const body = { prompt: SECRET, max_tokens: 4, temperature: 0 }
    assert.equal((await ask(port, "/v1/completions", body)).status, 401)
    assert.equal((await ask(port, "/v1/completions", body, { authorization: "Bearer x" })).status, 401)
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 401)
    const text = async (change: object) => {
      const response = await ask(port, "/v1/completions", { ...body, ...change }, key)
      assert.equal(response.status, 200)
      return ((await response.json()) as { choices: { text: string }[] }).choices[0]?.text
    }
    const said = await text({})
    for (const change of [{ model: "/etc" }, { model: "no/such" }, { adapters: "/tmp" }, { draft_model: "/etc" }])
      assert.equal(await text(change), said, JSON.stringify(change))
    const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url: "http://127.0.0.1:1/" } }] }]
    const picture = await ask(port, "/v1/chat/completions", { messages }, key)
    assert.equal(picture.status, 400)
    assert.match(await picture.text(), /must be data URLs/)
    const long = await ask(port, "/v1/completions", { prompt: "word ".repeat(1_000) }, key)
    assert.equal(long.status, 400)
    assert.match(await long.text(), /exceeds the context of 512 tokens/)
    // As texts: JavaScript has no such numbers.
    for (const [seed, status] of [
      ["-1", 400],
      ["18446744073709551616", 400],
      ["18446744073709551615", 200],
    ] as const)
      assert.equal(
        (await ask(port, "/v1/completions", `{"prompt":"Hi","max_tokens":2,"seed":${seed}}`, key)).status,
        status,
        seed,
      )
    const most = (await (await ask(port, "/v1/completions", { ...body, max_tokens: 9_000 }, key)).json()) as {
      usage: { total_tokens: number }
    }
    assert.equal(most.usage.total_tokens, 512)
    assert.equal((await ask(port, "/v1/completions", `{${SECRET}`, key)).status, 400)
    assert.equal((await ask(port, "/v1/completions", `"${SECRET}"`, key)).status, 400)
    const progress = await (await fetch(`http://127.0.0.1:${port}/windfall/progress`, { headers: key })).json()
    assert.equal((progress as { busy: number }).busy, 0)
    head!.child.kill("SIGTERM")
    const { exitCode, stdout, stderr } = await head!.ended
    assert.equal(exitCode, 0)
    assert.ok(!(stdout + stderr).includes(SECRET))
  })

  it("is ended by no bound or bias that its vocabulary has no room for, and says afterwards what it said before", async () => {
    await using scene = await alone()
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    const key = { authorization: `Bearer ${scene.order.engineKey}` }
    const text = async (change: object) => {
      const body = { prompt: "Begin", max_tokens: 6, temperature: 0, ...change }
      const response = await ask(port, "/v1/completions", body, key)
      const said = await response.text()
      assert.equal(response.status, 200, `${JSON.stringify(change)}: ${said}`)
      return (JSON.parse(said) as { choices: { text: string }[] }).choices[0]?.text
    }
    const said = await text({})
    const all = await text({ temperature: 1, seed: 7 })
    for (const most of [575, 576, 577, 1_000_000]) {
      assert.equal(await text({ temperature: 1, seed: 7, top_k: most }), all, `top_k ${most}`)
      await text({ temperature: 1, top_k: most })
    }
    for (const threshold of [0, 0.5, 0.51, 1])
      for (const seed of [{}, { seed: 7 }])
        await text({ temperature: 1, xtc_probability: 1, xtc_threshold: threshold, ...seed })
    // Clients send the numbers of other vocabularies.
    for (const seed of [{}, { seed: 7 }])
      for (const id of [576, 600, 50_256, -1, -577, 2 ** 40])
        assert.equal(await text({ logit_bias: { [id]: 50 }, ...seed }), said, `a bias of ${id}`)
    const [chosen] = [...new Set(await text({ logit_bias: { 65: 100, 600: 100 } }))]
    assert.equal(await text({ logit_bias: { 65: 100 } }), chosen?.repeat(6), "one that it has counts")
    assert.equal(await text({}), said)
    head!.child.kill("SIGTERM")
    assert.equal((await head!.ended).exitCode, 0)
  })

  it("lets what is in flight finish when it is to end", async () => {
    await using scene = await alone({ model: { contextTokens: 4096 }, changes: { contextTokens: 4096 } })
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    const response = await complete(port, { prompt: "Begin", max_tokens: 400, stream: true })
    head!.child.kill("SIGTERM")
    assert.match(await response.text(), /data: \[DONE\]\s*$/)
    assert.equal((await head!.ended).exitCode, 0)
    assert.deepEqual(scene.alive(), [])
  })

  it("is refused a model that is cut, or brings a program of its own", async () => {
    using scratch = new ScratchFolder()
    writeRandomFolder(scratch.at("cut"))
    truncateSync(join(scratch.at("cut"), "model.safetensors"), 100_000)
    writeRandomFolder(scratch.at("program"), { config: { model_file: "own.py" } })
    scratch.write({ "program/own.py": "open('ran', 'w')" })
    for (const name of ["cut", "program"]) {
      await using scene = await alone({ layers: [4], modelPath: scratch.at(name) })
      scene.startAll()
      await endsAs(scene, 0, "model_refused", 78)
    }
  })
})

describe("MLX's ranks", { skip, timeout: 300_000 }, () => {
  it("end when the one that listens is killed", async () => {
    await using scene = await two()
    const [head] = scene.startAll()
    await head!.says("ready")
    for (const pid of scene.engines(0, "mlx_lm")) signal(pid, "SIGKILL")
    assert.match(await endsAs(scene, 0, "engine_ended", 75), /SIGKILL/)
  })

  it("end an answer together at a stop sequence that lies within tokens, with a seed and without, and go on", async () => {
    await using scene = await two()
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    const ask = async (change: object) => {
      const response = await complete(port, { prompt: "Begin", max_tokens: 12, temperature: 0, ...change })
      const { choices } = (await response.json()) as { choices: [{ text: string; finish_reason: string }] }
      return choices[0]
    }
    const { text } = await ask({})
    const stop = text.slice(3, 7)
    for (const seed of [{}, { seed: 1 }, {}]) {
      const cut = await ask({ stop, ...seed })
      assert.deepEqual(cut, { ...cut, text: text.slice(0, text.indexOf(stop)), finish_reason: "stop" })
    }
  })

  it("end when one is stopped, which MLX would wait for for ever", async () => {
    await using scene = await two()
    const [head] = scene.startAll()
    await head!.says("ready")
    for (const pid of scene.engines(1, "mlx_lm")) signal(pid, "SIGSTOP")
    await endsAs(scene, 1, "engine_stopped", 75)
  })

  it("end when no token comes, whatever the reason", async () => {
    // So seldom does anybody look at processes that only the missing token tells.
    await using scene = await two({ limits: { pulseMs: 60_000, silentMs: 200_000, stallMs: 3_000 } })
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    for (const pid of scene.engines(1, "mlx_lm")) signal(pid, "SIGSTOP")
    complete(port, { prompt: "Begin", max_tokens: 50 }).catch(() => {})
    await endsAs(scene, null, "stuck", 75)
  })

  it("do not begin as one of one where nothing says where the others are", async () => {
    await using scene = await two()
    scene.start(0, { MLX_HOSTFILE: "" })
    scene.start(1, { MLX_HOSTFILE: "" })
    assert.match(await endsAs(scene, undefined, "order_refused", 78), /MLX_HOSTFILE/)
  })

  it("do not fall back to a ring where the order is RDMA and a device, or RDMA itself, is not there", async () => {
    const rdma = [
      [null, "rdma_en5"],
      ["rdma_en5", null],
    ]
    using scratch = new ScratchFolder()
    scratch.write({ ibv_devices: "#!/bin/sh\necho '    rdma_en5   d0b5e9ab23cfac05'\n" })
    chmodSync(scratch.at("ibv_devices"), 0o755)
    for (const [found, reason] of [
      ["/nowhere", /no RDMA device rdma_en5 on this host/],
      [scratch.path, /does not come to others over RDMA: .*jaccl/],
    ] as const) {
      await using scene = await two({ changes: { rdma } })
      for (const rank of [0, 1]) scene.start(rank, { PATH: `${found}:/usr/bin:/bin`, TMPDIR: scratch.path })
      assert.match(await endsAs(scene, undefined, "unreachable", 75), reason)
    }
  })

  it("are refused a split that is not MLX's own", async () => {
    await using scene = await two({ layers: [1, 3], order: [1, 0], changes: { mode: "pipeline" } })
    scene.startAll()
    assert.match(await endsAs(scene, undefined, "order_refused", 78), /divides layers evenly/)
  })
})
