/** A model that sees images, by the real llama.cpp: brought in with its projector, planned, served, asked through the gateway. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { deflateSync } from "node:zlib"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { gifOfCodes, jpegOfScans } from "../support/folded-images.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { plainPng, pngOf } from "../support/plain-png.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"
import { TOKENS_OF_IMAGE, writeRandomProjector } from "../support/random-projector.ts"

const llama = await findLlamaCpp()

interface Answer {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
  readonly usage: { readonly prompt_tokens: number }
}

describe("images", { skip: "lacking" in llama && llama.lacking, timeout: 300_000 }, () => {
  let pool: Pool
  before(async () => {
    pool = await startPool({ hosts: 1 })
    if ("folder" in llama) putLlamaCpp(pool.hosts[0]!.files, llama.folder)
  })
  after(() => pool[Symbol.asyncDispose]())

  it("reach a model with its projector, change what it says, but for those that unfold, and are refused once it is served without", async () => {
    const project = join(pool.scratch.at("home"), "project")
    mkdirSync(project, { recursive: true })
    writeRandomGguf(join(project, "tiny.gguf"), { width: 128 })
    writeRandomProjector(join(project, "mmproj-F16.gguf"), { width: 128 })
    const line = ["model", "serve", "tiny", "tiny.gguf", "--context", "1k", "--slots", "1"]
    const served = await pool.windfall(line)
    assert.equal(served.exitCode, 0, served.stderr)
    assert.match((await pool.windfall(["model", "show", "tiny"])).stdout, /^images +yes$/m)
    const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
    const ask = (...images: readonly Buffer[]) =>
      fetch(`${pool.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: "tiny",
          max_tokens: 24,
          temperature: 0,
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: "What is this?" },
                ...images.map((png) => ({
                  type: "image_url",
                  image_url: { url: `data:image/png;base64,${png.toString("base64")}` },
                })),
              ],
            },
          ],
        }),
      })
    const answerOf = async (...images: readonly Buffer[]) => {
      const response = await ask(...images)
      const body = await response.text()
      assert.equal(response.status, 200, body)
      return JSON.parse(body) as Answer
    }
    const without = await answerOf()
    const red = await answerOf(plainPng(64, [255, 0, 0]))
    const striped = await answerOf(plainPng(64, [0, 0, 255], [255, 255, 0], [0, 255, 0]))
    const again = await answerOf(plainPng(64, [255, 0, 0]))
    const said = ({ choices }: Answer) => choices[0]?.message.content
    assert.equal(said(again), said(red))
    assert.equal(new Set([without, red, striped].map(said)).size, 3)
    // What stb_image takes: a GIF, and JPEGs of as many scans as are taken.
    for (const image of [gifOfCodes(64, 90), jpegOfScans(64, 100), jpegOfScans(64, 3, 0xc0)]) await answerOf(image)
    const tenMegabytes = deflateSync(Buffer.alloc(10_000_000))
    for (const image of [pngOf(64, 64, [tenMegabytes]), gifOfCodes(64, 10_000), jpegOfScans(64, 101)]) {
      const response = await ask(image)
      assert.match(await response.text(), /an image of 64 x 64 pixels has more data/)
      assert.equal(response.status, 400)
    }
    assert.ok(red.usage.prompt_tokens >= without.usage.prompt_tokens + TOKENS_OF_IMAGE)

    const changed = await pool.windfall(["model", "serve", "tiny", "--no-images"])
    assert.equal(changed.exitCode, 0, changed.stderr)
    assert.equal((await pool.api<ModelView>("GET", "/v1/hives/tiny")).options.images, false)
    const refused = await ask(plainPng(64, [255, 0, 0]))
    assert.equal(refused.status, 400)
    assert.match(await refused.text(), /this model takes no images/)
    assert.equal(said(await answerOf()), said(without))
  })

  it("is refused calls that its template knows nothing of, and a grammar that no token begins", async () => {
    const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "calls" })
    const ask = async (change: object) => {
      const response = await fetch(`${pool.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: "tiny",
          max_tokens: 8,
          messages: [{ role: "user", content: "Hi" }],
          tools: [{ type: "function", function: { name: "look", parameters: { type: "object" } } }],
          ...change,
        }),
      })
      return `${response.status} ${await response.text()}`
    }
    for (const change of [{}, { tool_choice: "required" }])
      assert.match(await ask(change), /^400 .*the chat template of `tiny` knows none/)
    assert.match(await ask({ tool_choice: "none" }), /^200 /)
    assert.match(
      await ask({ tools: undefined, grammar: "root ::= [z-a]+" }),
      /^400 .*No token of tiny fits the grammar/,
    )
  })
})
