/** How an answer ended, as clients are told: by which stop sequence, or by which request's failure. */
import assert from "node:assert/strict"
import { test } from "node:test"
import Anthropic from "@anthropic-ai/sdk"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import {
  beginStream,
  chatChunk,
  data,
  type EngineAsked,
  endOfStream,
  USAGE,
} from "../../../test/support/scripted-engine.ts"

/** As llama.cpp tells it where it is asked to be verbose. */
function stopAt(word: string, finish = "stop") {
  return (asked: EngineAsked): void => {
    const told = asked.body.verbose === true ? { __verbose: { stop_type: "word", stopping_word: word } } : {}
    if (asked.body.stream === true) {
      const response = beginStream(asked)
      response.write(data(chatChunk({ content: "One" })))
      response.end(data({ ...chatChunk({}, finish), ...told }) + endOfStream())
      return
    }
    const choices = [{ index: 0, message: { role: "assistant", content: "One" }, finish_reason: finish }]
    asked.response.end(JSON.stringify({ object: "chat.completion", choices, usage: USAGE, ...told }))
  }
}

test("Anthropic's SDK learns which stop sequence was met, whole and streamed, and of no other end", async () => {
  await using scene = await GatewayScene.start()
  const { messages } = new Anthropic({ baseURL: scene.url, apiKey: scene.key, maxRetries: 0 })
  const asked = { model: "tiny", max_tokens: 9, messages: [{ role: "user" as const, content: "Count" }] }
  const endsOf = async (word: string, finish: string, stops: string[]) => {
    scene.engine.script = stopAt(word, finish)
    const request = { ...asked, ...(stops.length > 0 && { stop_sequences: stops }) }
    const ends = [await messages.create(request), await messages.stream(request).finalMessage()]
    return ends.map(({ stop_reason, stop_sequence }) => `${stop_reason} ${stop_sequence}`)
  }
  const twice = (text: string) => [text, text]
  assert.deepEqual(await endsOf("\n2", "stop", ["END", "\n2"]), twice("stop_sequence \n2"))
  assert.deepEqual(await endsOf("<|im_end|>", "stop", ["END"]), twice("end_turn null"), "a word of the template's")
  assert.deepEqual(await endsOf("END", "length", ["END"]), twice("max_tokens null"))
  assert.deepEqual(await endsOf("END", "stop", []), twice("end_turn null"))
  assert.equal(scene.engine.asked.at(-1)?.body.verbose, undefined, "nothing is to be told without any")
})

test("what an engine tells of itself besides reaches no client", async () => {
  await using scene = await GatewayScene.start({ script: stopAt("END") })
  const answer = await scene.chat({ stop: ["END"], verbose: true })
  assert.equal(answer.headers.get("x-windfall-ignored"), "verbose")
  assert.doesNotMatch(await answer.text(), /__verbose/)
})

test("an error within a stream names the request, as the answer's header does", async () => {
  await using scene = await GatewayScene.start({
    script: (asked) => {
      const response = beginStream(asked)
      response.write(data(chatChunk({ content: "Hel" })), () => response.destroy())
    },
  })
  const chat = await scene.chat({ stream: true })
  const messages = await scene.post("/v1/messages", {
    model: "tiny",
    max_tokens: 5,
    stream: true,
    messages: [{ role: "user", content: "Hi" }],
  })
  const completions = await scene.post("/v1/completions", { model: "tiny", stream: true, prompt: "Hi" })
  const responses = await scene.post("/v1/responses", { model: "tiny", stream: true, input: "Hi" })
  for (const [response, header] of [
    [chat, "x-request-id"],
    [completions, "x-request-id"],
    [responses, "x-request-id"],
    [messages, "request-id"],
  ] as const) {
    const lines = (await response.text()).trim().split("\n")
    const told = JSON.parse(lines.at(-1)!.replace(/^data: /, "")) as Told
    assert.equal(told.request_id, response.headers.get(header), response.url)
    assert.match(told.request_id, /^req_\w+$/)
    assert.match(JSON.stringify(told.error ?? told.response?.error), /The answer of tiny was lost/)
  }
})

test("what is refused before it began has its request in the header, and in Anthropic's shape in the body, too", async () => {
  await using scene = await GatewayScene.start()
  const body = { model: "none", max_tokens: 5, messages: [], prompt: "", input: "Hi" }
  for (const path of ["chat/completions", "completions", "responses", "embeddings", "messages"]) {
    const response = await scene.post(`/v1/${path}`, body)
    const isAnthropic = path === "messages"
    const header = response.headers.get(isAnthropic ? "request-id" : "x-request-id") ?? ""
    assert.match(header, /^req_\w+$/, path)
    assert.ok(!response.ok, path)
    const told = (await response.json()) as Told
    assert.equal(told.request_id, isAnthropic ? header : undefined, path)
  }
})

interface Told {
  readonly request_id: string
  readonly error?: object
  readonly response?: { readonly error: object }
}
