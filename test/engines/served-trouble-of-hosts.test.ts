/** A model split by the real llama.cpp over two hosts of which one has too little memory, or is cut off: the hive says which and why, gives up where nothing else is left, and comes back once that is mended. */
import assert from "node:assert/strict"
import { chmodSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { findLlamaCpp } from "../support/llama-cpp.ts"
import { SplitScene } from "../support/split-scene.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking
/** Room for the program and its libraries, and not for what it is to hold. */
const LITTLE_KIB = 450 * 1024

describe("a host of a split that cannot do its part", { skip, timeout: 200_000 }, () => {
  let scene: SplitScene
  before(async () => {
    scene = await SplitScene.start(llama)
  })
  after(() => scene[Symbol.asyncDispose]())

  it("out of memory: says on which host, and is degraded; served again once there is room, it answers", async () => {
    const [, host] = scene.pool.hosts
    const program = join(host!.files, ".local/bin/ggml-rpc-server")
    renameSync(program, `${program}.real`)
    // Its name decides what the wrapper in the engine's folder starts.
    const lines = ["#!/bin/sh", `ulimit -v ${LITTLE_KIB}`, 'exec "$HOME_OF_ENGINE/bin/ggml-rpc-server" "$@"', ""]
    const text = lines.join("\n").replace("$HOME_OF_ENGINE", '$(dirname "$0")/../llama.cpp')
    writeFileSync(program, text)
    chmodSync(program, 0o755)
    const served = await scene.serve()
    assert.equal(served.exitCode, 1, served.stderr)
    assert.match(served.stderr, /degraded: .*out of memory on host2/)
    const { state, reason, replicas } = await scene.model()
    assert.equal(state, "degraded")
    assert.match(reason ?? "", /out of memory on host2: member 1 \(host2\): there was no room for/)
    assert.equal(replicas[0]?.losses, 1)
    assert.deepEqual(scene.processes(), [])
    renameSync(`${program}.real`, program)
    const again = await scene.serve()
    assert.equal(again.exitCode, 0, again.stderr)
    assert.ok(await scene.answer())
  })

  it("cut off: says of whom nothing is heard, and comes back with it", async () => {
    const { job } = (await scene.model()).replicas[0]!
    const host = await scene.hostOf(1)
    await host.cut()
    const { replicas } = await scene.untilModel(
      ({ replicas: [one] }) => /nothing was heard of member 1/.test(one?.reason ?? ""),
      "it says that nothing is heard",
    )
    assert.match(replicas[0]?.reason ?? "", /nothing was heard of member 1 \(host2\) for \d+ s/)
    await host.restore()
    await scene.untilModel(({ state, replicas: [one] }) => state === "ready" && one?.job !== job, "it is back")
    assert.match(await scene.show(), /last lost .*member 1 \(host2\)/)
    assert.ok(await scene.answer())
  })
})
