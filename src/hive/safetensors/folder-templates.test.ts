import assert from "node:assert/strict"
import { test } from "node:test"
import { FilesInMemory, safetensorsHeader, smallQwen2 } from "../../../test/support/safetensors-files.ts"
import { readModel } from "../model/read-model.ts"
import { folderKnowsTools } from "./folder-templates.ts"

const PLAIN = "{%- for message in messages %}{{ message.content }}{%- endfor %}"
const TOOLS = "{%- if tools %}{{ tools | tojson }}{%- endif %}"
const text = (content: string) => {
  const bytes = Buffer.from(content)
  return { bytes, sizeBytes: bytes.length }
}

test("a folder's template knows tools where what transformers takes of it names them", async () => {
  const knows = async (files: Readonly<Record<string, object>>, architecture = "qwen2") =>
    folderKnowsTools(new FilesInMemory(files), architecture, new AbortController().signal)
  const config = (fields: object) => ({ "tokenizer_config.json": fields })
  assert.equal(await knows(config({ chat_template: TOOLS })), true)
  assert.equal(await knows(config({ chat_template: PLAIN })), false)
  const named = (template: string) => ({ name: "tool_use", template })
  assert.equal(await knows(config({ chat_template: [{ name: "default", template: PLAIN }, named(TOOLS)] })), true)
  assert.equal(await knows(config({ chat_template: [{ name: "default", template: PLAIN }, null, {}] })), false)
  // The file stands in place of what the configuration has.
  assert.equal(await knows({ ...config({ chat_template: PLAIN }), "chat_template.jinja": text(TOOLS) }), true)
  assert.equal(await knows({ ...config({ chat_template: TOOLS }), "chat_template.jinja": text(PLAIN) }), false)
  assert.equal(await knows({ "chat_template.jinja": text(PLAIN) }), false)
  // Without a template mlx-lm writes roles and texts in a row.
  assert.equal(await knows(config({ tokenizer_class: "GPT2Tokenizer" })), false)
  assert.equal(await knows({}), false)
})

test("where it is not certain, a folder is taken to know tools", async () => {
  const { signal } = new AbortController()
  const knows = async (files: Readonly<Record<string, object>>, architecture = "qwen2") =>
    folderKnowsTools(new FilesInMemory(files), architecture, signal)
  const plain = { "tokenizer_config.json": { chat_template: PLAIN } }
  assert.equal(await knows({ ...plain, additional_chat_templates: {} }), true)
  assert.equal(await knows({ "tekken.json": {} }), true)
  assert.equal(await knows({ "tokenizer_config.json": { chat_template_type: "deepseek_v32" } }), true)
  assert.equal(await knows({}, "muse_spark"), true)
  assert.equal(await knows({ "tokenizer_config.json": text("{") }), true)
})

test("a model is read with what its folder's template knows", async () => {
  const { config, tensors } = smallQwen2(2, false)
  const { header, dataBytes } = safetensorsHeader(tensors)
  const weights = { bytes: header, sizeBytes: header.length + dataBytes }
  const folder = (chat_template: string) =>
    new FilesInMemory({
      "config.json": config,
      "model.safetensors": weights,
      "tokenizer_config.json": { chat_template },
    })
  for (const [template, knows] of [
    [TOOLS, true],
    [PLAIN, false],
  ] as const)
    assert.equal((await readModel(folder(template), null, new AbortController().signal)).knowsTools, knows)
})
