import assert from "node:assert/strict"
import { test } from "node:test"
import { headerOf, smallModel, wholeFile } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"

test("a name that is not known says which is near, and of a repository of a hub how it is brought", async () => {
  await using scene = await ModelScene.start()
  const { folder } = scene.server
  const refused = async (line: string): Promise<string> => {
    const { exitCode, stderr } = await scene.server.windfall(line.split(" "), { HF_ENDPOINT: "http://127.0.0.1:9" })
    assert.equal(exitCode, 2, `${line}: ${stderr}`)
    return stderr
  }
  const pull = /brought into the lab first: windfall model pull Qwen\/Qwen3-8B-GGUF:Q4_K_M /
  const repository = "Qwen/Qwen3-8B-GGUF:Q4_K_M"
  assert.match(await refused(`model serve ${repository}`), pull)
  assert.match(await refused(`model serve qwen3 ${repository}`), pull)
  assert.match(await refused(`chat ${repository}`), pull)
  assert.match(await refused(`model where ${repository}`), pull)
  assert.match(await refused(`model show ${repository}`), pull)
  assert.match(await refused(`model rm ${repository}`), pull)
  assert.match(await refused("model serve ./tiny.gguf"), /windfall model serve NAME FILE\|FOLDER\|DATA/)

  await scene.join("alpha")
  await scene.store("Qwen3-8B-Q4_K_M")
  await scene.serve("Qwen3-8B-Q4_K_M")
  await scene.untilState("Qwen3-8B-Q4_K_M", "ready")
  folder.write({ "small.gguf": headerOf(smallModel()).header })
  const near = /Did you mean Qwen3-8B-Q4_K_M\?/
  for (const typed of [repository, "qwen3-8b-q4_k_n"]) {
    for (const command of [
      "model serve",
      "model serve other",
      "chat",
      "model where",
      "model show",
      "model rm",
      "model logs",
    ])
      assert.match(await refused(`${command} ${typed}`), near, command)
  }
  const answer = await scene.chat(repository)
  assert.match(await answer.text(), /Did you mean `Qwen3-8B-Q4_K_M`\?/)
  assert.match(await refused("model plan smal.gguf"), /Did you mean .*small\.gguf\?/)
})

test("of an architecture that is not known it is said that it is not served, also where it is brought", async () => {
  await using scene = await ModelScene.start()
  scene.server.folder.write({ "un.gguf": wholeFile(smallModel(2, { architecture: "lama" })) })
  const served = await scene.server.windfall(["model", "serve", "un", "un.gguf"])
  const why = /llama\.cpp does not run the architecture "lama", as far as is known here/
  assert.deepEqual([served.exitCode, served.stdout], [2, ""])
  assert.match(served.stderr, why)
  assert.match(served.stderr, /windfall model plan --any-architecture .*model serve takes only those that are known/)
  const pulled = await scene.server.windfall(["model", "pull", "un.gguf"])
  assert.equal(pulled.exitCode, 0, pulled.stderr)
  assert.match(pulled.stdout, why)
  assert.doesNotMatch(pulled.stdout, /serve it/)
  scene.server.folder.write({ "good.gguf": wholeFile(smallModel()) })
  assert.match(
    (await scene.server.windfall(["model", "pull", "good.gguf"])).stdout,
    /serve it: windfall model serve NAME good/,
  )
})
