/** What clients ask of a model that calls tools, by the real llama.cpp: a call of the tool that is named, a shape, and the prompt's tokens before the answer. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { KeyView } from "../../src/protocol/key-api.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const found = await findLlamaCpp()

/** Calls stand between two `@`, a token of its own that random weights come upon soon. */
const TEMPLATE = [
  "{%- if tools %}{{- '[TOOLS]' + (tools | tojson) + '[/TOOLS]' }}{%- endif %}",
  "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}",
  "{%- if message.tool_calls %}{%- for call in message.tool_calls %}{%- set call = call.function %}",
  `{{- '@{"name": "' + call.name + '", "arguments": ' }}{{- call.arguments | tojson }}{{- '}@\\n' }}`,
  "{%- endfor %}{%- endif %}{{- '<|im_end|>\\n' }}{%- endfor %}",
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
].join("")
const AT = 64

const SHAPE = { type: "object", properties: { unit: { type: "string", enum: ["c", "f"] } }, required: ["unit"] }
const NAMES = ["look", "clock"]

interface Call {
  readonly function: { readonly name: string; readonly arguments: string }
}

describe("a model that calls tools, served by the real llama.cpp", {
  skip: "lacking" in found && found.lacking,
  timeout: 120_000,
}, () => {
  let pool: Pool
  before(async () => {
    pool = await startPool({ hosts: 1 })
    if ("folder" in found) putLlamaCpp(pool.hosts[0]!.files, found.folder)
  })
  after(() => pool[Symbol.asyncDispose]())

  it("calls the one that is named, also beside a format, keeps to Anthropic's schemas, and tells a prompt's tokens first", async () => {
    const project = join(pool.scratch.at("home"), "project")
    mkdirSync(project, { recursive: true })
    writeRandomGguf(join(project, "tiny.gguf"), { width: 128, chatTemplate: TEMPLATE })
    const line = ["model", "serve", "tiny", "tiny.gguf", "--context", "2k", "--slots", "1"]
    const served = await pool.windfall(line)
    assert.equal(served.exitCode, 0, served.stderr)
    const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
    const messages = [{ role: "user", content: "Say something" }]
    const post = async (path: string, body: object) => {
      const response = await fetch(`${pool.url}/v1/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "tiny", messages, max_tokens: 1_500, temperature: 0.8, ...body }),
      })
      assert.equal(response.status, 200, path)
      return response
    }
    const tools = NAMES.map((name) => ({ type: "function", function: { name, parameters: SHAPE } }))
    const json_schema = { name: "other", schema: { type: "object", properties: { day: { type: "boolean" } } } }
    for (const [seed, name] of NAMES.entries()) {
      const asked = { tools, tool_choice: { type: "function", function: { name } }, parallel_tool_calls: false, seed }
      for (const format of [{}, { response_format: { type: "json_schema", json_schema } }]) {
        const response = await post("chat/completions", { ...asked, ...format, logit_bias: { [AT]: 5 } })
        const { choices } = (await response.json()) as { choices: [{ message: { tool_calls?: Call[] } }] }
        const call = choices[0].message.tool_calls?.[0]?.function
        assert.equal(call?.name, name)
        assert.match((JSON.parse(call.arguments) as { unit: string }).unit, /^[cf]$/)
      }
    }
    const output_config = { format: { type: "json_schema", schema: SHAPE } }
    const held = (await (await post("messages", { output_config })).json()) as { content: [{ text: string }] }
    assert.match((JSON.parse(held.content[0].text) as { unit: string }).unit, /^[cf]$/)
    const text = await (await post("messages", { max_tokens: 3, stream: true })).text()
    const [first, last] = [
      ...text.matchAll(/"usage":\{"input_tokens":(\d+),[^}]*"cache_read_input_tokens":(\d+)/g),
    ].map(([, fresh, cached]) => Number(fresh) + Number(cached))
    assert.ok(first! > 0, text)
    assert.equal(first, last)
  })
})
