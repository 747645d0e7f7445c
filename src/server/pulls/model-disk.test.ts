import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { asGguf } from "../../../test/support/hub-models.ts"
import { HubScene, refused } from "../../../test/support/hub-scene.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { packed, treeOf } from "../../../test/support/small-trees.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { ModelDisk } from "../../protocol/model-disk.ts"
import type { Core } from "../core.ts"
import { tidy } from "../retention.ts"

const HOUR_MS = 3_600_000
const BYTES = 100_000

/** A scene of which the server may keep models of so many times 100 kB, of a hub with six. */
async function scene(most: number) {
  const clock = new MovedClock()
  const made = await HubScene.start({ clock, server: { modelBytes: most * BYTES + 1_000 } })
  for (const at of [1, 2, 3, 4, 5, 6]) made.hub.add(`lab/m${at}`, { [`m${at}.gguf`]: asGguf(randomBytes(BYTES)) })
  const pull = async (at: number) => {
    const { state, reason } = await made.ended(`lab/m${at}`)
    assert.equal(state, "done", reason ?? "")
    clock.advance(HOUR_MS * 2)
  }
  const names = async () => {
    const { models } = await made.server.call<ModelDisk>("GET", "/v1/model-disk")
    return models.map(({ name }) => name).sort()
  }
  return {
    made,
    clock,
    pull,
    names,
    core: made.server.running.core,
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  }
}

const used = (core: Core, name: string) => core.ledger.change(() => core.store.dataUses.put(name, core.clock.now()))

test("models of hubs give way to others by last use, and their bytes are gone", async () => {
  await using at = await scene(3)
  for (const one of [1, 2, 3]) await at.pull(one)
  await used(at.core, "m1")
  at.clock.advance(HOUR_MS * 2)
  const blobs = () => at.core.blobs.of("admin").blobs.sizeBytes
  const before = blobs()
  await at.pull(4)
  assert.deepEqual(await at.names(), ["m1", "m3", "m4"])
  // Lists of folders take some bytes.
  assert.ok(Math.abs(blobs() - before) < 1_000, `${before} and ${blobs()}`)
  const { events } = await at.made.server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  const told = events.flatMap((event) => (event.type === "data_changed" && event.name === "m2" ? event.what : []))
  assert.match(
    told.at(-1) ?? "",
    /^removed to make room for .*used least recently\. Again: windfall model pull lab\/m2:m2 m2$/,
  )
  await assert.rejects(at.made.data("m2"), refused("data_not_found", /m2/))
  await at.pull(2)
  assert.deepEqual(await at.names(), ["m1", "m2", "m4"])
})

test("what is served, has jobs, was just used, or came from a folder never goes; where that is not enough nothing does", async () => {
  await using at = await scene(3)
  const { server } = at.made
  const tree = treeOf({ "own.gguf": randomBytes(BYTES) })
  await server.call("POST", "/v1/blobs", await packed(tree))
  await server.call("PUT", "/v1/data/own/version", { root: tree.root })
  for (const one of [1, 2, 3]) await at.pull(one)
  const record = (data: string) =>
    ({
      name: `served-${data}`,
      user: "admin",
      data,
      version: 1,
      file: null,
      options: {
        engine: "llama.cpp",
        replicas: 1,
        contextTokens: 512,
        slots: 1,
        kv: "f16",
        idleStopMs: null,
        pins: [],
        trustsNetwork: false,
        images: false,
        purpose: "text",
        longestTokenBytes: null,
        knowsTools: true,
      },
      wanted: "serving",
      isAwake: false,
      generation: 1,
      reason: null,
      createdAt: at.core.clock.now(),
    }) as const
  await at.core.ledger.change(() => at.core.store.models.put(record("m1")))
  const job = await server.submit({
    data: [{ name: "m2", path: "m2", version: null, root: null, bytes: 0 }],
  })
  await used(at.core, "m3")
  const stays = async () => {
    const { models } = await server.call<ModelDisk>("GET", "/v1/model-disk")
    return models.map((one) => one.stays)
  }
  assert.deepEqual(await stays(), ["served as served-m1", `job ${job.id} has it`, "used within the last hour"])
  await assert.rejects(
    at.made.pull("lab/m4"),
    refused(
      "wrong_state",
      /it needs .* more of the .* that models may take .*are taken by models in use/,
      /model where/,
    ),
  )
  assert.deepEqual(await at.names(), ["m1", "m2", "m3"])
  // Then m2 was used after m3.
  at.clock.advance(HOUR_MS)
  await server.call("POST", `/v1/jobs/${job.id}/stop`, { now: true })
  at.clock.advance(HOUR_MS * 24)
  await at.pull(4)
  assert.deepEqual(await at.names(), ["m1", "m2", "m4"])
  assert.equal((await at.made.data("own")).versions.length, 1)
})

test("where a model came from is known as long as it is there; what is too much goes when the server tidies up", async () => {
  await using at = await scene(6)
  for (const one of [1, 2]) await at.pull(one)
  at.clock.advance(HOUR_MS * 24 * 60)
  await tidy(at.core)
  assert.deepEqual(await at.names(), ["m1", "m2"])
  assert.deepEqual(await at.made.server.call("GET", "/v1/pulls"), { pulls: [] })
  Object.assign(at.core.limits, { modelBytes: BYTES + 1_000 })
  await tidy(at.core)
  assert.deepEqual(await at.names(), ["m2"])
})

test("what is promised to others on their way is told where it leaves too little; lists in JSON tell what models take, too", async () => {
  await using at = await scene(2)
  await at.pull(1)
  await used(at.core, "m1")
  at.made.breaks(() => ({ stallAfter: 10 }))
  await at.made.pull("lab/m2")
  const words = /taken by models in use, and .* of it are promised to others on their way/
  await assert.rejects(at.made.pull("lab/m3"), refused("wrong_state", words, /model where/))
  const { stdout, stderr } = await at.made.server.windfall(["model", "where", "--json"])
  const last = JSON.parse(stdout.trim().split("\n").at(-1) || "null") as { onServer?: ModelDisk } | null
  assert.deepEqual(last?.onServer, await at.made.server.call("GET", "/v1/model-disk"), stderr)
})
