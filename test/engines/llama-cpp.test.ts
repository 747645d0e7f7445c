import assert from "node:assert/strict"
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import type { ReadyNews } from "../../src/hive/order/hive-news.ts"
import { HiveScene, type HiveSetup, tokensOf } from "../support/hive-scene.ts"
import { findLlamaCpp, olderLlamaCpp } from "../support/llama-cpp.ts"
import { ARCHITECTURES, type RandomModel, writeRandomGguf } from "../support/random-gguf.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const llama = await findLlamaCpp()
const engineFolder = "folder" in llama ? llama.folder : ""
const skip = "lacking" in llama && llama.lacking
const PROMPT = "When a member stops, the head"
const TOKENS = 40

type Split = Pick<HiveSetup, "layers" | "order">

/** Starts a hive, asks it, ends it. @returns its tokens, and where it put what */
async function ask(setup: Omit<HiveSetup, "engineFolder">, folder = engineFolder) {
  await using scene = await HiveScene.set({ engineFolder: folder, ...setup })
  const members = scene.startAll()
  const ready = await members[0]!.says("ready")
  const tokens = await tokensOf(ready.port, PROMPT, TOKENS)
  members[0]!.child.kill("SIGTERM")
  const ended = await Promise.all(members.map((member) => member.ended))
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    members.map(() => 0),
  )
  assert.deepEqual(scene.alive(), [])
  return { tokens, ready }
}

function modelBytes({ placed }: ReadyNews, rank: number): number {
  return placed.find((one) => one.rank === rank && one.kind === "model")?.bytes ?? 0
}

async function sameAsAlone(model: RandomModel, splits: readonly Split[]): Promise<ReadyNews[]> {
  const [first] = splits
  const layers = first?.layers.reduce((sum, count) => sum + count, 0) ?? 0
  const alone = await ask({ model, layers: [layers] })
  assert.equal(alone.tokens.length, TOKENS)
  assert.ok(new Set(alone.tokens).size >= 20, `only ${new Set(alone.tokens).size} of them differ`)
  const all: ReadyNews[] = []
  for (const split of splits) {
    const { tokens, ready } = await ask({ model, ...split })
    assert.deepEqual(tokens, alone.tokens, JSON.stringify(split))
    all.push(ready)
  }
  return all
}

describe("llama.cpp over several hosts says what it says on one", { skip, timeout: 600_000 }, () => {
  for (const architecture of ARCHITECTURES) {
    it(`${architecture}: two, three and four members, uneven, the head first, last and between`, async () => {
      await sameAsAlone({ architecture }, [
        { layers: [1, 7] },
        { layers: [7, 1], order: [1, 0] },
        { layers: [2, 5, 1], order: [1, 0, 2] },
        { layers: [1, 4, 1, 2], order: [3, 1, 0, 2] },
      ])
    })
  }

  it("the head without layers", async () => {
    await sameAsAlone({}, [{ layers: [0, 2, 4] }])
  })

  it("a larger model, whose layers are where they were ordered", async () => {
    const splits = [
      [8, 5, 3],
      [5, 8, 3],
      [1, 1, 14],
    ]
    const ready = await sameAsAlone(
      { width: 1024 },
      splits.map((layers) => ({ layers })),
    )
    const [first, second] = ready
    const layerBytes = (modelBytes(first!, 0) - modelBytes(second!, 0)) / 3
    assert.ok(layerBytes > 10_000_000, `a layer would have ${layerBytes} bytes`)
    // The head has the embeddings, too; the last member the output.
    const aside = [modelBytes(first!, 0) - 8 * layerBytes, 0, modelBytes(first!, 2) - 3 * layerBytes]
    for (const [at, layers] of splits.entries()) {
      for (const [rank, count] of layers.entries()) {
        const bytes = modelBytes(ready[at]!, rank) - (aside[rank] ?? 0)
        assert.equal((bytes / layerBytes).toFixed(1), count.toFixed(1), `member ${rank} of ${layers}`)
      }
    }
  })
})

describe("llama.cpp's members", { skip, timeout: 300_000 }, () => {
  it("keep weights that were sent to them, and say the same from these", async () => {
    const setup = { engineFolder, layers: [1, 3], model: { width: 2048 }, changes: { cacheBytes: 1024 ** 3 } }
    await using scene = await HiveScene.set(setup)
    const tokens: (readonly number[])[] = []
    const kept: string[] = []
    for (let time = 0; time < 2; time++) {
      const members = scene.startAll()
      const { port } = await members[0]!.says("ready")
      tokens.push(await tokensOf(port, PROMPT, 24))
      members[0]!.child.kill("SIGTERM")
      await Promise.all(members.map((member) => member.ended))
      const folder = join(scene.home, ".cache/windfall-hive/llama.cpp/rpc")
      const files = readdirSync(folder).toSorted()
      kept.push(JSON.stringify(files.map((name) => [name, statSync(join(folder, name)).mtimeMs])))
      assert.ok(files.length >= 9, `${files}`)
    }
    assert.deepEqual(tokens[1], tokens[0])
    assert.equal(kept[1], kept[0], "they were sent again")
  })

  it("run an older release that lacks some flags", async (t) => {
    const older = await olderLlamaCpp()
    if ("lacking" in older) return t.skip(older.lacking)
    const alone = await ask({ layers: [6] }, older.folder)
    const two = await ask({ layers: [2, 4] }, older.folder)
    assert.deepEqual(two.tokens, alone.tokens)
  })

  it("tell of a model that is cut, or none at all", async () => {
    using scratch = new ScratchFolder()
    const modelPath = scratch.at("model.gguf")
    writeRandomGguf(modelPath)
    for (const damage of ["cut", "garbage"]) {
      if (damage === "cut") truncateSync(modelPath, Math.floor(readFileSync(modelPath).length / 2))
      else writeFileSync(modelPath, "garbage")
      await using scene = await HiveScene.set({ engineFolder, layers: [2, 4], modelPath })
      const [head, other] = scene.startAll()
      const lost = await head!.says("lost")
      assert.deepEqual([lost.member, lost.code], [0, "model_refused"])
      assert.deepEqual([(await head!.ended).exitCode, (await other!.ended).exitCode], [78, 78])
      assert.deepEqual(scene.alive(), [])
    }
  })
})
