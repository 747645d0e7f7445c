import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { Child, type Ended } from "../../../test/support/child.ts"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { beginStream, chatChunk, data, type EngineAsked, streamWords } from "../../../test/support/scripted-engine.ts"

const MAIN = join(import.meta.dirname, "../main.ts")

/** A scene whose store knows the model, too; nobody runs it but the scene. */
async function startScene(script?: (asked: EngineAsked) => void): Promise<GatewayScene> {
  const scene = await GatewayScene.start(script === undefined ? {} : { script })
  const { ledger, store } = scene.server.running.core
  await ledger.change(() =>
    store.models.put({
      name: "tiny",
      user: "admin",
      data: "weights",
      version: 1,
      file: null,
      options: {
        replicas: 1,
        engine: "llama.cpp",
        contextTokens: 2_048,
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
      wanted: "stopped",
      isAwake: false,
      generation: 1,
      reason: null,
      createdAt: 5,
    }),
  )
  return scene
}

async function chat(scene: GatewayScene, model: string, input = ""): Promise<Ended> {
  await using child = new Child(process.execPath, [MAIN, "chat", model], {
    cwd: scene.server.folder.path,
    env: { HOME: scene.server.folder.path, WINDFALL_URL: scene.url, WINDFALL_TOKEN: scene.server.adminToken },
    input,
  })
  return await child.ended
}

test("a conversation that outgrew the context is said so, and the lines that follow are asked", async () => {
  const tooLong = {
    code: 400,
    message: "too long",
    type: "exceed_context_size_error",
    n_prompt_tokens: 900,
    n_ctx: 512,
  }
  await using scene = await startScene((asked) => {
    const messages = asked.body.messages as { content: string }[]
    if (messages.length > 3 || messages.at(-1)!.content === "long")
      return void asked.response.writeHead(400).end(JSON.stringify({ error: tooLong }))
    streamWords(asked, ["You said: ", messages.at(-1)!.content])
  })
  const { exitCode, stdout, stderr } = await chat(scene, "tiny", "long\none\ntwo\nthree\n/clear\nfour\n")
  assert.deepEqual(stdout.split("\n").filter(Boolean), ["You said: one", "You said: two", "You said: four"], stderr)
  assert.equal(exitCode, 2)
  const said = stderr.match(/maximum context length is 512 tokens.*\n.*/g) ?? []
  assert.equal(said.length, 2, stderr)
  assert.match(said[0]!, /\n {2}Ask less at once; windfall model serve tiny --context/)
  assert.match(said[1]!, /\n {2}\/clear begins anew/)
})

test("a model that is not there is said before anything is asked, with a near name, and no key is left", async () => {
  await using scene = await startScene()
  const near = await chat(scene, "tinx")
  assert.deepEqual([near.exitCode, near.stdout], [2, ""])
  assert.match(near.stderr, /Cannot chat with "tinx": there is no such model\n {2}Did you mean tiny\?/)
  const far = await chat(scene, "nope", "Hi\n")
  assert.equal(far.exitCode, 2)
  assert.match(far.stderr, /there is no such model\n {2}See which there are: windfall model ls/)
  assert.equal(scene.engine.asked.length, 0)
  assert.equal((await scene.server.call<{ keys: unknown[] }>("GET", "/v1/keys")).keys.length, 1, "that of the scene")
})

for (const [signal, isAnswering, code] of [
  ["SIGTERM", true, 143],
  ["SIGHUP", true, 129],
  ["SIGINT", false, 130],
] as const) {
  test(`${signal} ${isAnswering ? "in the middle of an answer" : "while no question comes"} ends it, and no key is left`, async () => {
    await using scene = await startScene((asked) => {
      if (isAnswering) beginStream(asked).write(data(chatChunk({ content: "Hel" })))
      else streamWords(asked, ["Hel", "lo"])
    })
    await using child = new Child(process.execPath, [MAIN, "chat", "tiny"], {
      cwd: scene.server.folder.path,
      env: { HOME: scene.server.folder.path, WINDFALL_URL: scene.url, WINDFALL_TOKEN: scene.server.adminToken },
      openInput: true,
    })
    child.process.stdin.write("Hi\n")
    await child.says(isAnswering ? "Hel" : "Hello\n")
    child.process.kill(signal)
    const { exitCode, stderr } = await child.ended
    assert.equal(exitCode, code, stderr)
    assert.equal((await scene.server.call<{ keys: unknown[] }>("GET", "/v1/keys")).keys.length, 1, "that of the scene")
  })
}

test("a question larger than the gateway takes is left out, too", async () => {
  await using scene = await startScene((asked) => streamWords(asked, ["Hello"]))
  const { exitCode, stdout, stderr } = await chat(scene, "tiny", `${"x".repeat(32 * 1024 ** 2)}\nHi\n`)
  assert.deepEqual([exitCode, stdout.trim()], [2, "Hello"], stderr)
  assert.match(stderr, /larger than 32 MiB\n {2}Ask less at once\n/)
})

test("a model that was stopped is said to be so", async () => {
  await using scene = await startScene()
  scene.server.running.models.remove("tiny")
  const { exitCode, stderr } = await chat(scene, "tiny", "Hi\n")
  assert.equal(exitCode, 2)
  assert.match(stderr, /^Cannot ask tiny: it is not served any more\n {2}Serve it: windfall model serve tiny /)
})
