/** Real engines behind the whole of it: a model is brought in, served on a host, asked through the gateway, and stopped. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { readEvents } from "../../src/cli/event-stream.ts"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { type Found, findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { findMlx, putMlx } from "../support/mlx.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"
import { writeRandomFolder } from "../support/random-safetensors.ts"

interface Served {
  readonly engine: string
  readonly found: Found
  /** Puts its programs below the HOME of a host. */
  readonly put: (home: string, folder: string) => void
  /** Part of the command by which its process is known. */
  readonly process: string
  readonly file: string
  readonly write: (path: string) => void
}

const ENGINES: readonly Served[] = [
  {
    engine: "llama.cpp",
    found: await findLlamaCpp(),
    put: putLlamaCpp,
    process: "llama-server",
    file: "tiny.gguf",
    write: (path) => writeRandomGguf(path, { width: 128 }),
  },
  {
    engine: "mlx",
    found: await findMlx(),
    put: putMlx,
    process: "mlx_lm",
    file: "tiny",
    write: (path) => writeRandomFolder(path),
  },
]

for (const { engine, found, put, process, file, write } of ENGINES) {
  describe(`a model served by the real ${engine}`, {
    skip: "lacking" in found && found.lacking,
    timeout: 300_000,
  }, () => {
    let pool: Pool
    before(async () => {
      pool = await startPool({ hosts: 1 })
      if ("folder" in found) put(pool.hosts[0]!.files, found.folder)
    })
    after(() => pool[Symbol.asyncDispose]())

    it("answers, streams exact usage, stops when nobody asks, starts for who asks, and leaves nothing", async () => {
      const project = join(pool.scratch.at("home"), "project")
      mkdirSync(project, { recursive: true })
      write(join(project, file))
      const line = ["model", "serve", "tiny", file, "--context", "1k", "--slots", "2", "--idle-stop", "4s"]
      const served = await pool.windfall(line)
      assert.equal(served.exitCode, 0, served.stderr)
      const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
      const post = (path: string, body: object) =>
        fetch(`${pool.url}/v1/${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify({ model: "tiny", ...body }),
        })
      const ask = (change: object) =>
        post("chat/completions", { messages: [{ role: "user", content: "Say something" }], ...change })
      const whole = (await (await ask({ max_tokens: 20, temperature: 0 })).json()) as {
        choices: [{ message: { content: string } }]
        usage: { completion_tokens: number }
      }
      assert.equal(whole.usage.completion_tokens, 20)
      let text = ""
      let tokens = 0
      const stream = await ask({
        max_tokens: 20,
        temperature: 0,
        stream: true,
        stream_options: { include_usage: true },
      })
      for await (const { data } of readEvents(stream.body as AsyncIterable<Uint8Array>)) {
        if (data === "[DONE]") break
        const chunk = JSON.parse(data) as {
          choices: { delta: { content?: string } }[]
          usage?: { completion_tokens: number } | null
        }
        text += chunk.choices[0]?.delta.content ?? ""
        tokens = chunk.usage?.completion_tokens ?? tokens
      }
      assert.deepEqual([text, tokens], [whole.choices[0].message.content, 20])
      await choicesAreWhole(post, engine)
      // The template of these models has no word of tools.
      const tooled = await ask({ tools: [{ type: "function", function: { name: "look", parameters: {} } }] })
      assert.equal(tooled.status, 400, engine)
      assert.match(await tooled.text(), /'tools' cannot be used: the chat template of `tiny` knows none/)
      // After a stream, whose connection an engine may have ended.
      const words = "word ".repeat(2_000)
      for (const [path, body] of [
        ["chat/completions", { messages: [{ role: "user", content: words }] }],
        ["completions", { prompt: words }],
        ["responses", { input: words }],
        ["messages", { messages: [{ role: "user", content: words }], max_tokens: 20 }],
      ] as const) {
        for (const stream of [false, true]) {
          const long = await post(path, { ...body, stream })
          assert.equal(long.status, 400, path)
          assert.match(await long.text(), /This model's maximum context length is/)
        }
      }

      const model = () => pool.api<ModelView>("GET", "/v1/hives/tiny")
      assert.equal((await model()).options.engine, engine)
      await eventually(async () => (await model()).state === "idle", "idle")
      const engines = () => pool.hosts[0]!.processes().filter(({ command }) => command.includes(process))
      assert.deepEqual(engines(), [])
      assert.equal((await ask({ max_tokens: 4 })).status, 200)
      assert.equal((await model()).state, "ready")
      const stopped = await pool.windfall(["model", "stop", "tiny"])
      assert.equal(stopped.exitCode, 0, stopped.stderr)
      assert.deepEqual(engines(), [])
    })
  })
}

interface Choices {
  readonly choices: readonly { readonly index: number; readonly text: string }[]
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null
}

/** Several choices, whole and streamed; prompts of token numbers; and embeddings, which a model that writes text has none of. */
async function choicesAreWhole(post: (path: string, body: object) => Promise<Response>, engine: string): Promise<void> {
  const asked = { prompt: ["Say something", "Hi"], n: 2, max_tokens: 5, temperature: 0 }
  const whole = (await (await post("completions", asked)).json()) as Choices
  assert.deepEqual(
    whole.choices.map(({ index }) => index),
    [0, 1, 2, 3],
  )
  const [first, same, other] = whole.choices.map(({ text }) => text)
  assert.equal(first, same, "at temperature 0")
  assert.notEqual(first, other)
  assert.equal(whole.usage?.completion_tokens, 20)
  const stream = await post("completions", { ...asked, stream: true, stream_options: { include_usage: true } })
  const texts = ["", "", "", ""]
  let usage: Choices["usage"]
  for await (const { data } of readEvents(stream.body as AsyncIterable<Uint8Array>)) {
    if (data === "[DONE]") break
    const chunk = JSON.parse(data) as Choices
    for (const { index, text } of chunk.choices) texts[index] += text
    if (chunk.usage != null) usage = chunk.usage
  }
  assert.deepEqual(
    texts,
    whole.choices.map(({ text }) => text),
  )
  assert.equal(usage?.completion_tokens, 20)
  assert.equal(usage?.prompt_tokens, whole.usage.prompt_tokens)
  const tokens = await post("completions", { prompt: [[65, 66], [70]], max_tokens: 3 })
  if (engine === "llama.cpp") assert.equal(((await tokens.json()) as Choices).choices.length, 2)
  else {
    assert.equal(tokens.status, 400)
    assert.match(await tokens.text(), /\(MLX\) takes no numbers of tokens/)
  }
  const sampled = (await (
    await post("completions", { prompt: "Say something", n: 3, seed: 7, max_tokens: 16 })
  ).json()) as Choices
  assert.equal(new Set(sampled.choices.map(({ text }) => text)).size, 3, "without a temperature choices differ")
  const shaped = {
    messages: [{ role: "user", content: "Hi" }],
    max_tokens: 5,
    response_format: { type: "json_object" },
  }
  assert.equal((await post("chat/completions", shaped)).status, engine === "llama.cpp" ? 200 : 400)
  const long = await post("chat/completions", {
    messages: [{ role: "user", content: "hello world ".repeat(2_000_000) }],
  })
  assert.equal(long.status, 400)
  assert.match(await long.text(), /This model's maximum context length is \d+ tokens/)
  await stopsAreTold(post)
  const vectors = await post("embeddings", { input: "Hi" })
  assert.equal(vectors.status, 501)
  assert.match(await vectors.text(), /The model `tiny` makes no embeddings/)
}

/** The sequence that was met, in Anthropic's dialect, and log probabilities of what was chosen, in that of completions. */
async function stopsAreTold(post: (path: string, body: object) => Promise<Response>): Promise<void> {
  const asked = { prompt: "Say something", max_tokens: 6, temperature: 0 }
  const plain = (await (await post("completions", { ...asked, logprobs: 2 })).json()) as {
    choices: { text: string; logprobs: { tokens: string[]; token_logprobs: number[]; top_logprobs: object[] } }[]
  }
  const { text, logprobs } = plain.choices[0]!
  assert.equal(logprobs.tokens.join(""), text)
  // The likeliest is taken, and is the first of the two.
  assert.deepEqual(
    logprobs.top_logprobs.map((top) => Object.entries(top)[0]),
    logprobs.tokens.map((token, at) => [token, logprobs.token_logprobs[at]]),
  )
  const message = { messages: [{ role: "user", content: "Say something" }], max_tokens: 12, temperature: 0 }
  const said = (await (await post("messages", message)).json()) as { content: { text: string }[]; stop_reason: string }
  assert.equal(said.stop_reason, "max_tokens")
  const whole = said.content[0]!.text
  // From within a token to within another one.
  const word = whole.slice(3, 7)
  for (const stream of [false, true]) {
    const told = await (await post("messages", { ...message, stop_sequences: ["never", word], stream })).text()
    assert.match(told, /"stop_reason":"stop_sequence"/, `${word} in ${whole}: ${told}`)
    assert.ok(told.includes(`"stop_sequence":${JSON.stringify(word)}`), told)
    const texts = [...told.matchAll(/"text":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!) as string)
    assert.equal(texts.join(""), whole.slice(0, whole.indexOf(word)))
  }
}
