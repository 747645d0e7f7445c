import assert from "node:assert/strict"
import { once } from "node:events"
import { connect } from "node:net"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import {
  beginStream,
  chatChunk,
  data,
  type EngineAsked,
  endOfStream,
  ScriptedEngine,
  streamWords,
} from "../../../test/support/scripted-engine.ts"

interface OpenAiErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly code: string | null }
}

async function refusal(response: Response): Promise<[status: number, code: string | null, message: string]> {
  const { error } = (await response.json()) as OpenAiErrorBody
  return [response.status, error.code, error.message]
}

test("once the last model was stopped, each dialect says so in its own shape; without models and keys it is not there", async () => {
  await using scene = await GatewayScene.start()
  scene.server.running.models.remove("tiny")
  const [status, code, message] = await refusal(await scene.chat())
  assert.deepEqual([status, code], [404, "model_not_found"])
  assert.match(message, /^The model `tiny` does not exist or you do not have access to it/)
  const messages = [{ role: "user", content: "Hi" }]
  const anthropic = await scene.post("/v1/messages", { model: "tiny", max_tokens: 5, messages })
  assert.equal(anthropic.status, 404)
  const body = (await anthropic.json()) as { type: string; error: { type: string } }
  assert.deepEqual([body.type, body.error.type], ["error", "not_found_error"])
  const listed = (await (await scene.get("/v1/models")).json()) as { data: unknown[] }
  assert.deepEqual(listed.data, [])
  for (const { id } of (await scene.server.call<{ keys: { id: string }[] }>("GET", "/v1/keys")).keys)
    await scene.server.call("DELETE", `/v1/keys/${id}`)
  assert.deepEqual((await refusal(await scene.chat())).slice(0, 2), [404, "route_not_found"])
  assert.equal((await scene.server.request("GET", "/v1/me")).status, 200)
})

test("the model's name is rewritten both ways, deltas go through as they are, usage only where asked for", async () => {
  const deltas = [
    { role: "assistant", content: null },
    { content: "ä" },
    { content: "\u2028", odd: 1 },
    { reasoning_content: "x" },
  ]
  await using scene = await GatewayScene.start({
    script: (asked) => {
      const response = beginStream(asked)
      // Cut at each byte.
      const text = deltas.map((delta) => data(chatChunk(delta))).join("") + data(chatChunk({}, "stop")) + endOfStream()
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte))
      response.end()
    },
  })
  const body = { stream: true, adapters: "/etc", draft_model: "/tmp/x", id_slot: 3, temperature: 0.5 }
  const plain = await scene.chat(body)
  assert.equal(plain.headers.get("x-windfall-ignored"), "adapters, draft_model, id_slot")
  const events = (await plain.text()).trimEnd().split("\n\n")
  assert.equal(events.at(-1), "data: [DONE]")
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)))
  assert.deepEqual(
    chunks.map(({ choices }) => choices[0].delta),
    [...deltas, {}],
  )
  assert.ok(chunks.every(({ model, usage }) => model === "tiny" && usage === undefined))
  const { body: seen } = scene.engine.asked[0]!
  assert.deepEqual(Object.keys(seen).sort(), ["messages", "model", "stream", "stream_options", "temperature"])
  assert.equal(seen.model, "/models/secret.gguf")
  const counted = await (await scene.chat({ stream: true, stream_options: { include_usage: true } })).text()
  assert.match(counted, /"choices":\[\],"usage":\{"prompt_tokens":11.*\n\ndata: \[DONE\]\n\n$/)
  assert.doesNotMatch(counted, /secret/)
})

test("a client that leaves stops the engine, and what it had is counted as a guess", async () => {
  const closed = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: (asked) => {
      const response = beginStream(asked)
      response.once("close", closed.resolve)
      response.write(data(chatChunk({ content: "Hel" })))
    },
  })
  const gone = new AbortController()
  const response = await scene.chat({ stream: true }, { signal: gone.signal })
  await response.body!.getReader().read()
  gone.abort()
  await closed.promise
  // The next request ends after the count of the one before, which was asked for earlier.
  scene.engine.script = (asked) => streamWords(asked, ["Hello"])
  await (await scene.chat()).json()
  const { rows } = await scene.server.call<{ rows: Record<string, unknown>[] }>("GET", "/v1/keys/usage")
  const { requests, cutRequests, promptTokens, completionTokens, cachedTokens, guessedTokens } = rows[0]!
  assert.deepEqual([requests, cutRequests, promptTokens, completionTokens, cachedTokens], [2, 1, 11, 2, 4])
  assert.ok(Number(guessedTokens) > 1)
})

const cut = ({ response }: EngineAsked) => void response.destroy()

test("before the first token another replica is asked unseen; afterwards the stream ends with an error and no end mark", async () => {
  await using scene = await GatewayScene.start()
  await using second = await ScriptedEngine.start()
  const scripts: ((asked: EngineAsked) => void)[] = [
    cut,
    (asked) => void beginStream(asked).write(data(chatChunk({ role: "assistant", content: null })), () => cut(asked)),
    ({ response }) => response.writeHead(503).end('{"error":{"message":"Loading model","code":503}}'),
    ({ response }) => response.writeHead(404).end('{"error":"generation thread died"}'),
    (asked) => void beginStream(asked).end(": ping\n\n"),
  ]
  for (const script of scripts) {
    scene.serve([scene.engine.replica({ slots: 9 }), second.replica({ slots: 1 })])
    scene.engine.script = script
    scene.failures.length = 0
    const messages = [{ role: "user", content: script.toString() }]
    const text = await (await scene.chat({ stream: true, messages })).text()
    assert.match(text, /"Hello".*" world".*\[DONE\]/s)
    assert.equal(text.match(/"role"/g)?.length, 1, "only the second replica's beginning")
    assert.equal(scene.failures.length, 1)
  }
  scene.serve([scene.engine.replica()])
  scene.engine.script = (asked) => void beginStream(asked).write(data(chatChunk({ content: "Hel" })), () => cut(asked))
  const text = await (await scene.chat({ stream: true })).text()
  assert.match(
    text,
    /"Hel".*\n\ndata: \{"error":\{"message":"The answer of tiny was lost: it was cut\. Send the request again; [^\n]*model show tiny"[^\n]*\n\n$/s,
  )
  assert.doesNotMatch(text, /\[DONE\]/)
  await using dead = await ScriptedEngine.start()
  const gone = dead.replica({ id: "dead", slots: 99 })
  await dead[Symbol.asyncDispose]()
  scene.engine.script = (asked) => streamWords(asked, ["fine"])
  scene.serve([gone, scene.engine.replica()])
  assert.equal((await scene.chat({ messages: [{ role: "user", content: "other" }] })).status, 200)
})

test("errors of engines become the dialect's own, without paths", async () => {
  await using scene = await GatewayScene.start()
  const answer = (status: number, body: object) => {
    scene.engine.script = ({ response }) => void response.writeHead(status).end(JSON.stringify(body))
  }
  answer(400, {
    error: { code: 400, type: "exceed_context_size_error", message: "x", n_prompt_tokens: 900, n_ctx: 512 },
  })
  const [status, code, message] = await refusal(await scene.chat())
  assert.deepEqual([status, code], [400, "context_length_exceeded"])
  assert.match(
    message,
    /^This model's maximum context length is 512 tokens\. However, your messages resulted in 900 tokens/,
  )
  for (const change of [{}, { n: 2 }, { prompt: ["Hi", "Ho"] }]) {
    const ofPrompt = await scene.post("/v1/completions", { model: "tiny", prompt: "Hi", ...change })
    assert.deepEqual(((await ofPrompt.json()) as { error: object }).error, {
      message:
        "This model's maximum context length is 512 tokens. However, your prompt resulted in 900 tokens. Please reduce the length of the prompt.",
      type: "invalid_request_error",
      param: "prompt",
      code: "context_length_exceeded",
    })
  }
  const ofInput = await scene.post("/v1/responses", { model: "tiny", input: "Hi" })
  assert.match(
    await ofInput.text(),
    /your input resulted in 900 tokens\. Please reduce the length of the input\.","type":"invalid_request_error","param":"input"/,
  )
  answer(500, { error: { code: 500, message: "failed at /models/secret.gguf in /home/lab/x" } })
  assert.deepEqual(await refusal(await scene.chat()), [500, "engine_error", "failed at tiny in (path)"])
  answer(500, {
    error: { code: 500, message: "got exception: Unexpected empty grammar stack after accepting piece: 0" },
  })
  assert.match((await refusal(await scene.chat())).join(), /^400,.*,No token of tiny fits the grammar: got exception/)
  answer(501, { error: { code: 501, message: "no embeddings", type: "not_supported_error" } })
  assert.deepEqual(await refusal(await scene.chat({ stream: true })), [501, "not_supported", "no embeddings"])
  const anthropic = await scene.post("/v1/messages", { model: "tiny", messages: [{ role: "user", content: "Hi" }] })
  const body = (await anthropic.json()) as { type: string; error: { type: string } }
  assert.deepEqual([anthropic.status, body.type, body.error.type], [400, "error", "invalid_request_error"])
})

test("a cold model is woken and waited for, up to a bound; one with a problem is told of at once", async () => {
  await using scene = await GatewayScene.start({ limits: { coldMs: 50 } })
  scene.serve([])
  const late = await scene.chat()
  assert.equal(late.headers.get("retry-after"), "30")
  assert.deepEqual((await refusal(late)).slice(0, 2), [503, "model_not_ready"])
  assert.equal(scene.wakes, 1)
  scene.serve([], { problem: "no Mac is free" })
  assert.match((await refusal(await scene.chat()))[2], /no Mac is free/)
  scene.serve([], { wake: () => setImmediate(() => scene.serve([scene.engine.replica()])) })
  assert.equal((await scene.chat()).status, 200)
})

test("who waits for a stream hears how far its model is, then has the stream, or an error in place of the end", async () => {
  await using scene = await GatewayScene.start({ limits: { coldMs: 400, aliveMs: 20 } })
  const cold = { progress: () => "is starting (the engine\nloads the model)" }
  scene.serve([], cold)
  const waiting = await scene.chat({ stream: true })
  assert.equal(waiting.status, 200)
  scene.serve([scene.engine.replica()])
  const text = await waiting.text()
  assert.match(text, /^: tiny is starting \(the engine loads the model\)\n\n/)
  assert.match(text, /"Hello"[\s\S]*\[DONE\]/)
  scene.serve([], cold)
  const late = await (await scene.chat({ stream: true })).text()
  assert.match(late, /data: \{"error":.*was not up within/)
  assert.doesNotMatch(late, /\[DONE\]/)
  const message = { model: "tiny", max_tokens: 5, messages: [{ role: "user", content: "Hi" }], stream: true }
  assert.match(await (await scene.post("/v1/messages", message)).text(), /event: error\ndata: .*was not up within/)
})

test("requests wait in turn, and no more than are allowed", async () => {
  const held: EngineAsked[] = []
  let come = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    limits: { waiting: 2 },
    script: (asked) => {
      held.push(asked)
      come.resolve()
    },
  })
  scene.serve([scene.engine.replica({ slots: 1 })])
  const first = scene.chat()
  await come.promise
  // Which of these is refused is chance: as many as are too many.
  const waiting = [scene.chat(), scene.chat(), scene.chat()]
  const refused = await Promise.race(waiting)
  assert.equal(refused.headers.get("retry-after"), "5")
  assert.deepEqual((await refusal(refused)).slice(0, 2), [429, "rate_limit_exceeded"])
  for (let index = 0; index < 3; index++) {
    await come.promise
    come = Promise.withResolvers()
    assert.equal(held.length, index + 1, "one at a time")
    streamWords(held.at(-1)!, ["x"])
  }
  const answers = await Promise.all([first, ...waiting])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 429])
})

test("bad requests get a clear answer in the dialect's shape, and reach no engine", async () => {
  await using scene = await GatewayScene.start({ limits: { bodyBytes: 10_000, bodyMs: 100 } })
  const chat = "/v1/chat/completions"
  for (const [path, body, status, text] of [
    [chat, "{", 400, /malformed/],
    [chat, "[]", 400, /JSON object/],
    [chat, { model: "tiny" }, 400, /'messages'/],
    [
      chat,
      {
        model: "tiny",
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "file:///etc" } }] }],
      },
      400,
      /base64/,
    ],
    [chat, { model: "/etc/passwd", messages: [{ role: "user", content: "x" }] }, 404, /does not exist/],
    ["/v1/completions", { model: "tiny", prompt: "x", echo: true, logprobs: 1 }, 400, /'echo' is not supported/],
    ["/v1/responses", { model: "tiny", input: "x", previous_response_id: "r" }, 501, /no answers are kept/],
    ["/v1/audio/speech", {}, 501, /not supported/],
    [chat, "x".repeat(20_000), 413, /larger than/],
  ] as const) {
    const [got, , message] = await refusal(await scene.post(path, body))
    assert.equal(got, status, `${path} ${JSON.stringify(body).slice(0, 80)}`)
    assert.match(message, text)
  }
  assert.equal((await fetch(`${scene.url}${chat}`, { headers: { authorization: `Bearer ${scene.key}` } })).status, 405)
  assert.deepEqual(scene.engine.asked, [])
  const socket = connect(Number(new URL(scene.url).port), "127.0.0.1")
  socket.write(`POST ${chat} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${scene.key}\r\ncontent-length: 100\r\n\r\n{`)
  const [answer] = await once(socket, "data")
  assert.match(String(answer), /^HTTP\/1\.1 408 .*request_timeout/s)
  socket.destroy()
})
