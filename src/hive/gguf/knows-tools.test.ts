import assert from "node:assert/strict"
import { test } from "node:test"
import { knowsTools } from "./knows-tools.ts"

test("a model knows tools where one of its templates names them", () => {
  const plain = "{%- for message in messages %}{{ message.content }}{%- endfor %}"
  const tools = "{%- if tools %}{{ tools | tojson }}{%- endif %}"
  const of = (metadata: Readonly<Record<string, string>>) => knowsTools({ metadata })
  assert.equal(of({ "tokenizer.chat_template": tools }), true)
  assert.equal(of({ "tokenizer.chat_template": plain, "tokenizer.chat_template.tool_use": tools }), true)
  assert.equal(of({ "tokenizer.chat_template": plain }), false)
  assert.equal(of({ "general.name": "a model of tools" }), false)
})
