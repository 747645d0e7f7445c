import assert from "node:assert/strict"
import { once } from "node:events"
import { connect } from "node:net"
import { test } from "node:test"
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"

const CHAT = { model: "tiny", messages: [{ role: "user", content: "Hi" }] }

test("base URLs may lack /v1 or have it twice, slashes may be too many, keys come in either header", async () => {
  await using scene = await GatewayScene.start()
  const anthropic = { ...CHAT, max_tokens: 5 }
  for (const path of [
    "/chat/completions",
    "/v1/v1/chat/completions",
    "//v1//chat/completions/",
    "/v1/chat/completions?x",
  ])
    assert.equal((await scene.post(path, CHAT)).status, 200, path)
  for (const path of ["/messages", "/v1/v1/messages", "/v1/messages/"])
    assert.equal((await scene.post(path, anthropic)).status, 200, path)
  for (const path of ["/models", "/v1/models/", "/v1/models/tiny/"])
    assert.equal((await scene.get(path)).status, 200, path)
  for (const headers of [{ authorization: `bearer  ${scene.key}` }, { "x-api-key": scene.key }]) {
    for (const [path, body] of [
      ["/v1/chat/completions", CHAT],
      ["/v1/messages", anthropic],
    ] as const)
      assert.equal((await scene.post(path, body, { headers })).status, 200)
  }
  scene.serve([scene.engine.replica()], { name: "lab/tiny:4b" })
  assert.equal((await scene.get("/v1/models/lab%2Ftiny%3A4b")).status, 200)
  assert.equal((await scene.get("/v1/models/lab/tiny:4b")).status, 200)
})

test("browsers may ask, and any client hears which methods a path takes", async () => {
  await using scene = await GatewayScene.start()
  const headers = { origin: "http://page", "access-control-request-headers": "authorization,x-stainless-os" }
  const url = `${scene.url}/v1/chat/completions`
  const before = await fetch(url, { method: "OPTIONS", headers })
  assert.deepEqual(
    ["access-control-allow-origin", "access-control-allow-headers", "allow"].map((name) => before.headers.get(name)),
    ["*", headers["access-control-request-headers"], "POST, OPTIONS"],
  )
  assert.equal(before.status, 204)
  const answer = await scene.chat({}, { headers: { origin: "http://page", authorization: `Bearer ${scene.key}` } })
  assert.equal(answer.headers.get("access-control-allow-origin"), "*")
  assert.equal((await scene.chat()).headers.get("access-control-allow-origin"), null)
  const wrong = await fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${scene.key}` } })
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"])
})

test("packed bodies are read, and bounded by what is in them; no body is nested without end", async () => {
  await using scene = await GatewayScene.start()
  const post = async (body: Uint8Array<ArrayBuffer> | string, encoding?: string) => {
    const headers = { authorization: `Bearer ${scene.key}`, ...(encoding && { "content-encoding": encoding }) }
    const response = await fetch(`${scene.url}/v1/chat/completions`, { method: "POST", headers, body })
    const { error } = (await response.json()) as { error?: { message: string } }
    return `${response.status} ${error?.message ?? ""}`
  }
  const text = JSON.stringify(CHAT)
  for (const [encoding, pack] of Object.entries({
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  })) {
    assert.equal(await post(Uint8Array.from(pack(text)), encoding), "200 ")
    assert.match(await post(text, encoding), /^400 .*content-encoding/)
  }
  assert.match(await post(text, "compress"), /^415 /)
  assert.match(await post(Uint8Array.from(gzipSync(Buffer.alloc(64 * 1024 ** 2, 0x20))), "gzip"), /^413 .*32 MiB/)
  assert.equal(await post(`\uFEFF${text}`), "200 ")
  assert.match(await post(Uint8Array.of(...Buffer.from(text), 0xff)), /^400 .*malformed/)
  assert.equal(await post('{"model":"none","model":"tiny","messages":[{"role":"user","content":"x"}]}'), "200 ")
  const saying = (content: string) => `{"model":"tiny","messages":[{"role":"user","content":"${content}"}]}`
  assert.equal(await post(saying("\\ud83d\\ude00 and \\\\ud800")), "200 ")
  for (const half of ["\\ud800", "\\uDC00x", "\\ude00\\ud83d"])
    assert.match(await post(saying(half)), /^400 .*half of a character/)
  assert.match(await post(`${text.slice(0, -1)},"response_format":{"\\udfff":1}}`), /^400 .*half of a character/)
  const nested = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`
  assert.match(await post(`${text.slice(0, -1)},"response_format":${nested}}`), /^400 .*nested deeper/)
})

test("fields that are null count as not there, those that are nonsense are named, and empty lists of tools reach no engine", async () => {
  await using scene = await GatewayScene.start()
  const nulls = {
    stream: null,
    temperature: null,
    tools: null,
    stop: null,
    n: null,
    max_tokens: -1,
    stream_options: null,
  }
  assert.equal((await scene.chat({ ...nulls, tools: [], tool_choice: "auto", parallel_tool_calls: true })).status, 200)
  assert.deepEqual(Object.keys(scene.engine.asked.at(-1)!.body).sort(), ["messages", "model", "stream"])
  const count = scene.engine.asked.length
  for (const [field, value] of Object.entries({
    temperature: "hot",
    top_p: 2,
    n: 0,
    seed: 1.5,
    stop: ["a", ""],
    stream_options: "yes",
    reasoning_format: "odd",
    reasoning_effort: 5,
    chat_template_kwargs: "x",
    logit_bias: "x",
    logprobs: "x",
    ignore_eos: 5,
    repeat_last_n: -1,
    top_logprobs: 2,
    response_format: { type: "xml" },
    tool_choice: "perhaps",
    functions: [{ name: "f" }],
    max_tokens: 1.5,
  })) {
    const response = await scene.chat({ [field]: value })
    const { error } = (await response.json()) as { error: { param: string } }
    assert.deepEqual([response.status, error.param], [400, field])
  }
  const tools = [{ type: "function", function: { name: "f" } }]
  const named = (name: string) => ({ type: "function", function: { name } })
  for (const [change, text] of [
    [{ tool_choice: "required" }, /needs 'tools'/],
    [{ tools, tool_choice: named("g") }, /no tool ..g/],
    [{ response_format: { type: "json_schema" } }, /json_schema\.schema' must be/],
    [{ messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] }, /must be one of text/],
  ] as const) {
    const response = await scene.chat(change)
    assert.match(await response.text(), text)
    assert.equal(response.status, 400)
  }
  const many = Object.fromEntries(Array.from({ length: 1_025 }, (_, token) => [token, 1]))
  for (const [field, value] of [
    ["stop", ""],
    ["logit_bias", [1]],
    ["logit_bias", { 5: "x" }],
    ["logit_bias", { 5: 101 }],
    ["logit_bias", many],
    ["stop", Array.from({ length: 65 }, () => "x")],
    ["stop", "x".repeat(1_001)],
    ["max_tokens", 0],
  ] as const)
    for (const path of ["/v1/chat/completions", "/v1/completions"]) {
      const response = await scene.post(path, { ...CHAT, prompt: "Hi", [field]: value })
      const { error } = (await response.json()) as { error: { param: string } }
      assert.deepEqual([response.status, error.param], [400, field], `${path} ${field}`)
    }
  for (const [name, value] of [
    ["chat_template", "{{ messages }}"],
    ["messages", 5],
    ["tokenize", false],
  ] as const) {
    const response = await scene.chat({ chat_template_kwargs: { enable_thinking: true, [name]: value } })
    const { error } = (await response.json()) as { error: { param: string } }
    assert.deepEqual([response.status, error.param], [400, `chat_template_kwargs.${name}`])
  }
  const words = { chat_template_kwargs: { words: "x".repeat(10_000) } }
  assert.match(await (await scene.chat(words)).text(), /at most 10000 are taken/)
  const empty = { ...CHAT, max_tokens: 5, stop_sequences: [""] }
  assert.match(await (await scene.post("/v1/messages", empty)).text(), /stop_sequences: .* not empty/)
  const stops = { ...CHAT, max_tokens: 5, stop_sequences: Array.from({ length: 65 }, () => "x") }
  assert.match(await (await scene.post("/v1/messages", stops)).text(), /'stop_sequences' may have 64 texts/)
  for (const [choice, text] of [
    [{ type: "any" }, /tool_choice: needs tools/],
    [{ type: "tool", name: "g" }, /no tool is called ..g/],
  ] as const)
    assert.match(await (await scene.post("/v1/messages", { ...CHAT, max_tokens: 5, tool_choice: choice })).text(), text)
  assert.equal(scene.engine.asked.length, count)
  for (const change of [
    { tools, tool_choice: named("f") },
    { tool_choice: "auto" },
    { stop: [] },
    { chat_template_kwargs: { enable_thinking: false } },
    { logit_bias: { 5: -100, 6: false } },
  ])
    assert.equal((await scene.chat(change)).status, 200, JSON.stringify(change))
  assert.equal(scene.engine.asked.at(-1)?.body.stop, undefined)
})

test("requests may be pipelined, sent in pieces, by HTTP/1.0, or once the server says so", async () => {
  await using scene = await GatewayScene.start()
  const body = JSON.stringify(CHAT)
  const ask = async (start: string, headers: string, ...parts: string[]) => {
    const socket = connect(Number(new URL(scene.url).port), "127.0.0.1")
    let text = ""
    socket.on("data", (bytes) => {
      text += String(bytes)
    })
    const all = `host: x\r\nauthorization: Bearer ${scene.key}\r\n${headers}\r\n\r\n`
    socket.write(`${start}\r\n${all}`)
    for (const part of parts) socket.write(part)
    await once(socket, "end")
    socket.destroy()
    return text
  }
  const post = "POST /v1/chat/completions HTTP/1."
  const length = `content-length: ${body.length}`
  const close = "connection: close\r\n"
  assert.match(await ask(`${post}0`, length, body), /^HTTP\/1\.1 200 .*Hello world/s)
  assert.match(
    await ask(
      `${post}1`,
      `${close}transfer-encoding: chunked`,
      ...[...body].map((each) => `1\r\n${each}\r\n`),
      "0\r\n\r\n",
    ),
    /^HTTP\/1\.1 200 .*Hello world/s,
  )
  assert.match(
    await ask(`${post}1`, `${close}expect: 100-continue\r\n${length}`, body),
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 .*Hello world/s,
  )
  const last = `${post}1\r\nhost: x\r\nauthorization: Bearer ${scene.key}\r\n${close}${length}\r\n\r\n${body}`
  const both = await ask(`${post}1`, length, body, last)
  assert.equal(both.match(/HTTP\/1\.1 200 .*?Hello world/gs)?.length, 2)
  assert.match(await ask("GET http://x/v1/models HTTP/1.1", "connection: close"), /^HTTP\/1\.1 200 .*"tiny"/s)
  const h2c = `connection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAA\r\n${length}`
  assert.match(await ask(`${post}1`, h2c, body), /^HTTP\/1\.1 200 .*Hello world/s)
  const socket =
    "connection: Upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="
  assert.match(await ask(`${post}1`, `${socket}\r\n${length}`, body), /^HTTP\/1\.1 200 .*Hello world/s)
  assert.match(await ask("GET /v1/realtime?model=tiny HTTP/1.1", socket), /^HTTP\/1\.1 501 .*"error":.*not supported/s)
  assert.match(await ask("GET /v1/jobs/1/terminal HTTP/1.1", socket), /^HTTP\/1\.1 401 .*not_logged_in/s)
})

test("what is empty is the same for both engines: messages stay, and a prompt without anything is refused", async () => {
  await using scene = await GatewayScene.start()
  await scene.chat({ messages: [{ role: "assistant" }, { role: "user", content: [] }] })
  assert.deepEqual(scene.engine.asked.at(-1)!.body.messages, [
    { role: "assistant", content: "" },
    { role: "user", content: [] },
  ])
  const messages = [{ role: "user", content: [] }]
  await scene.post("/v1/messages", { model: "tiny", max_tokens: 5, messages })
  assert.deepEqual(scene.engine.asked.at(-1)!.body.messages, [{ role: "user", content: "" }])
  const count = scene.engine.asked.length
  for (const prompt of ["", [], ["Hi", ""], [[1], []]]) {
    const response = await scene.post("/v1/completions", { model: "tiny", prompt })
    assert.match(await response.text(), /'prompt' is empty/)
    assert.equal(response.status, 400)
  }
  const noItems = await scene.post("/v1/responses", { model: "tiny", input: [] })
  assert.match(await noItems.text(), /'input' must have at least one item/)
  assert.equal(scene.engine.asked.length, count)
})
