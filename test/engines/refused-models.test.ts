/** Models that the real llama.cpp refuses whatever host they are on: tried once, with its own words; what can be told before is told before. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking
const TEMPLATES = [
  ["open", "{% for m in messages %}{{m.content", /chat template cannot be used: Parser Error: Expected }}/],
  ["raises", "{{ raise_exception('no') }}", /chat template cannot be used: Jinja Exception: no/],
] as const

describe("models that llama.cpp refuses", { skip, timeout: 200_000 }, () => {
  let pool: Pool
  const file = (name: string) => join(pool.scratch.at("home"), `project/${name}.gguf`)
  before(async () => {
    pool = await startPool({ hosts: 2 })
    mkdirSync(join(pool.scratch.at("home"), "project"), { recursive: true })
    for (const host of pool.hosts) if ("folder" in llama) putLlamaCpp(host.files, llama.folder)
  })
  after(() => pool[Symbol.asyncDispose]())

  for (const [name, chatTemplate, why] of TEMPLATES)
    it(`a chat template: ${chatTemplate}`, async () => {
      writeRandomGguf(file(name), { chatTemplate })
      const served = await pool.windfall(["model", "serve", name, `${name}.gguf`, "--context", "512"])
      assert.equal(served.exitCode, 1, served.stderr)
      assert.match(served.stderr, why)
      const { replicas } = await pool.api<ModelView>("GET", `/v1/hives/${name}`)
      assert.deepEqual([replicas[0]?.state, replicas[0]?.losses], ["degraded", 1])
    })

  it("a cache in blocks that do not divide its heads, before anything starts", async () => {
    writeRandomGguf(file("narrow"))
    for (const line of [
      ["model", "plan", "narrow.gguf"],
      ["model", "serve", "narrow", "narrow.gguf"],
    ]) {
      const refused = await pool.windfall([...line, "--context", "512", "--kv", "q8_0"])
      assert.equal(refused.exitCode, 2, refused.stderr)
      assert.match(refused.stderr, /its heads have 16 numbers each, and q8_0 keeps blocks of 32/)
    }
    const { models } = await pool.api<{ models: ModelView[] }>("GET", "/v1/hives")
    assert.ok(models.every(({ name }) => name !== "narrow"))
    const { exitCode, stderr } = await pool.windfall(["model", "serve", "narrow", "narrow.gguf", "--context", "512"])
    assert.equal(exitCode, 0, stderr)
    await pool.windfall(["model", "stop", "narrow"])
  })
})
