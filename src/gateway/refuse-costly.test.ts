import assert from "node:assert/strict"
import { test } from "node:test"
import { MOST_CALLS, MOST_MESSAGES, MOST_PARTS, MOST_TOOLS, refuseCostly } from "./refuse-costly.ts"

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))
const fields = (count: number) => Object.fromEntries(many(count, (at) => [`field_${at}`, { type: "string" }]))
const says = (content: unknown) => ({ role: "user", content })
const part = () => ({ type: "text", text: "" })
const call = () => ({ id: "a", type: "function", function: { name: "look", arguments: "{}" } })
const tool = (properties: object = {}) => ({
  type: "function",
  function: { name: "look", parameters: { type: "object", properties } },
})
const passes = (body: object) => assert.doesNotThrow(() => refuseCostly(body as never, "messages"))
const refuses = (body: object, message: RegExp, param: string, list = "messages") =>
  assert.throws(() => refuseCostly(body as never, list), { kind: "bad_request", param, message })

test("other fields are bounded as a whole, and a grammar by what is in it, however it is written", () => {
  const stop = Array.from({ length: 64 }, () => "x".repeat(1_000))
  passes({ stop, logit_bias: { 5: 1 }, reasoning_effort: "high", temperature: 1 })
  refuses(
    { logit_bias: { [" ".repeat(131_072)]: 1 } },
    /^'logit_bias' is \d+ characters long: at most 131072/,
    "logit_bias",
  )
  refuses({ reasoning_effort: "x".repeat(131_072) }, /^'reasoning_effort' is/, "reasoning_effort")
  const deep = (count: number) => `${"(".repeat(count)}"a"${")".repeat(count)}`
  for (const end of ["\n", "\r", "\r\n"]) {
    passes({ grammar: `root ::= # (((${end}${deep(256)}` })
    refuses({ grammar: `root ::= # (((${end}${deep(257)}` }, /nested deeper than 256/, "grammar")
  }
  refuses({ grammar: `root ::= <#>${deep(2_049)}` }, /has 2049 parentheses: at most 2048/, "grammar")
})

test("more messages, parts, calls or tools than are taken at all are refused, however few tokens they are", () => {
  const cases: [most: number, of: (count: number) => object, what: string, param: string][] = [
    [MOST_MESSAGES, (count) => ({ messages: many(count, () => says("")) }), "messages", "messages"],
    [MOST_PARTS, (count) => ({ messages: [says(many(count, part))] }), "parts of messages", "messages"],
    [
      MOST_PARTS,
      (count) => ({ messages: [says(many(count - 9, part)), says(many(9, part))] }),
      "parts of messages",
      "messages",
    ],
    [
      MOST_CALLS,
      (count) => ({ messages: [{ role: "assistant", content: null, tool_calls: many(count, call) }] }),
      "calls of tools",
      "messages",
    ],
    [MOST_TOOLS, (count) => ({ messages: [says("Hi")], tools: many(count, () => tool()) }), "tools", "tools"],
  ]
  for (const [most, of, what, param] of cases) {
    passes(of(most))
    refuses(of(most + 1), new RegExp(`^'${param}' has ${most + 1} ${what}: at most ${most} are taken$`), param)
  }
  refuses({ messages: many(MOST_MESSAGES + 1, () => says("")) }, /^'input' has 4097 messages/, "input", "input")
})

test("tools and schemas are bounded in length, all together", () => {
  const described = (length: number) => ({
    type: "function",
    function: { name: "look", description: "x".repeat(length) },
  })
  const format = (length: number) => ({
    type: "json_schema",
    json_schema: { name: "x", schema: { description: "x".repeat(length) } },
  })
  const half = 2 ** 19 - 200
  passes({ messages: [says("Hi")], tools: [described(half)], response_format: format(half) })
  refuses(
    { messages: [says("Hi")], tools: [described(half)], response_format: format(half + 400) },
    /^'tools', 'response_format' are \d+ characters long: at most 1048576 are taken$/,
    "tools",
  )
  refuses({ prompt: "Hi", json_schema: { description: "x".repeat(2 ** 20) } }, /^'json_schema' are/, "json_schema")
})

test("of lists and objects with many entries one may be as large as ten usual schemas, wherever it is", () => {
  const schemas = (schema: object) => [
    { tools: [tool(schema)] },
    { response_format: { type: "json_schema", json_schema: { name: "x", schema } } },
    { json_schema: schema },
    { chat_template_kwargs: schema },
  ]
  for (const body of schemas(fields(1_024))) passes(body)
  for (const body of schemas(fields(1_025)))
    refuses(body, /has lists or objects of too many entries: one may have up to 1024/, Object.keys(body)[0]!)
  passes({ json_schema: { enum: many(1_000, String) } })
  refuses({ json_schema: { enum: many(1_100, String) } }, /too many entries/, "json_schema")
  // Many tools of a few dozen properties each are what clients send.
  passes({ tools: many(200, () => tool(fields(40))) })
  passes({ tools: many(MOST_TOOLS, () => tool(fields(20))) })
  refuses({ tools: many(10, () => tool(fields(512))) }, /too many entries/, "tools")
  // What a message has beside what engines know is theirs to pass over, and costs the same.
  refuses({ messages: [{ ...says("Hi"), ...fields(2_000) }] }, /^'messages' has lists or objects/, "messages")
  refuses({ messages: [says([{ ...part(), more: fields(2_000) }])] }, /^'messages' has lists or objects/, "messages")
})

test("a grammar is bounded in length and depth; what it has in quotes and brackets is no depth", () => {
  const nested = (depth: number) => `root ::= ${"(".repeat(depth)}"a"${")".repeat(depth)}`
  passes({ grammar: nested(256) })
  refuses({ grammar: nested(257) }, /^'grammar' is nested deeper than 256 levels$/, "grammar")
  passes({ grammar: `root ::= ${many(400, () => '("(" [(] "\\"((")').join(" ")}` })
  // A quote in a comment opens nothing.
  refuses({ grammar: `# "\n${nested(300)}` }, /nested deeper/, "grammar")
  passes({ grammar: `# ${"(".repeat(300)}\nroot ::= "a"` })
  refuses({ grammar: "x".repeat(65_537) }, /^'grammar' is 65537 characters long: at most 65536 are taken$/, "grammar")
})
