import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HiveScene, mlxTokensOf, signal } from "../support/hive-scene.ts"
import { findMlx } from "../support/mlx.ts"

const mlx = await findMlx()
const skip = "lacking" in mlx && mlx.lacking
const engine = { engine: "mlx", engineFolder: "folder" in mlx ? mlx.folder : "" } as const
const PROMPT = "The quick brown fox"

describe("a hive of two ranks with MLX", { skip, timeout: 600_000 }, () => {
  it("says the same as one process, tells of a rank that is killed, and leaves nothing alive", async () => {
    await using alone = await HiveScene.set({ ...engine, layers: [4] })
    const single = alone.start(0)
    await using scene = await HiveScene.set({ ...engine, layers: [4, 4], changes: { mode: "tensor" } })
    const expected = await mlxTokensOf((await single.says("ready")).port, PROMPT, 24)
    assert.ok(new Set(expected).size >= 20, `${expected}`)
    single.child.kill("SIGTERM")
    assert.equal((await single.ended).exitCode, 0)
    assert.deepEqual(alone.alive(), [])

    const [head, other] = scene.startAll()
    assert.deepEqual(await mlxTokensOf((await head!.says("ready")).port, PROMPT, 24), expected)
    for (const pid of scene.engines(1, "mlx_lm")) signal(pid, "SIGKILL")
    const lost = await head!.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "engine_ended"], lost.reason)
    assert.deepEqual([(await head!.ended).exitCode, (await other!.ended).exitCode], [75, 75])
    assert.deepEqual(scene.alive(), [])
    const printed = [single, head, other].map((one) => one!.child.stdout + one!.child.stderr).join("")
    for (const secret of [PROMPT, scene.order.key, scene.order.engineKey]) assert.ok(!printed.includes(secret))
  })
})
