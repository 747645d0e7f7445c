/** Clients in Python against the gateway, as their authors ship them: openai, anthropic, litellm, and lm_eval. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, it } from "node:test"
import { promisify } from "node:util"
import { GatewayScene } from "../support/gateway-scene.ts"
import { findVenv } from "../support/python-venv.ts"
import {
  beginStream,
  chatChunk,
  data,
  type EngineAsked,
  streamCalls,
  streamWords,
  USAGE,
} from "../support/scripted-engine.ts"

const run = promisify(execFile)
const FIXTURES = join(import.meta.dirname, "../fixtures/clients")
const RUN_MS = 200_000

const sdks = await findVenv("sdks-1", ["openai==3.57.0", "anthropic==2.14.0", "litellm==1.110.2"])
const evaluation = await findVenv("lm-eval-1", ["lm_eval[api]==0.4.13", "transformers"])

describe("the packages openai, anthropic and litellm", { skip: "lacking" in sdks && sdks.lacking }, () => {
  it("read chats, streams, tools, embeddings and responses, and know errors by their kinds", async () => {
    if ("lacking" in sdks) return
    const left = Promise.withResolvers<void>()
    await using scene = await GatewayScene.start({
      script: (asked) => {
        if (asked.path.endsWith("/embeddings")) return answerEmbeddings(asked)
        const said = JSON.stringify(asked.body.messages)
        if (said.includes("too long")) return refuseAsTooLong(asked)
        if (said.includes("endless")) {
          const response = beginStream(asked)
          response.once("close", left.resolve)
          response.write(data(chatChunk({ content: "Hel" })))
          return
        }
        if (asked.body.tools === undefined) streamWords(asked, ["Hello", " world"])
        else streamCalls(asked, [{ name: "weather", pieces: ['{"ci', 'ty": "Bonn"}'] }])
      },
    })
    scene.serve([scene.engine.replica()], { name: "vectors", purpose: "embeddings" })
    const env = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: "True", OPENAI_API_KEY: "", ANTHROPIC_API_KEY: "" }
    const { stdout } = await run(sdks.python, [join(FIXTURES, "clients.py"), scene.url, scene.key], {
      env,
      timeout: RUN_MS,
    })
    assert.deepEqual(JSON.parse(stdout.trim().split("\n").at(-1)!), {
      models: ["tiny", "vectors"],
      chat: "Hello world",
      stream: ["Hello world", 13],
      tool: ["weather", '{"city": "Bonn"}'],
      embedding: new Array(4).fill([0.5, -1.25]),
      "embedding errors": ["InternalServerError", "BadRequestError", "BadRequestError", "BadRequestError"],
      response: "Hello world",
      "response stream": ["Hello world", 11],
      "openai errors": ["AuthenticationError", "NotFoundError", "BadRequestError"],
      message: "Hello world",
      "message tool": ["tool_use", { city: "Bonn" }, 2],
      litellm: ["Hello world", "Hello world", "AuthenticationError", "ContextWindowExceededError"],
    })
    await left.promise
  })
})

describe("lm_eval", { skip: "lacking" in evaluation && evaluation.lacking }, () => {
  it("generates through chats and completions; for log probabilities of prompts it is told plainly that there are none", async () => {
    if ("lacking" in evaluation) return
    const { python } = evaluation
    await using stack = new AsyncDisposableStack()
    const scene = stack.use(
      await GatewayScene.start({
        script: (asked) => (asked.path.endsWith("/chat/completions") ? streamWords(asked, ["Hello"]) : complete(asked)),
      }),
    )
    const folder = mkdtempSync(join(tmpdir(), "lm-eval-"))
    stack.defer(() => rmSync(folder, { recursive: true, force: true }))
    writeTasks(folder)
    const env = {
      ...process.env,
      OPENAI_API_KEY: scene.key,
      HF_HUB_OFFLINE: "1",
      HF_DATASETS_OFFLINE: "1",
      HF_HOME: join(folder, "hf"),
    }
    await run(python, [join(FIXTURES, "tokenizer.py"), join(folder, "tokenizer")], { env, timeout: RUN_MS })
    const evaluate = (kind: string, path: string, task: string, more: readonly string[] = []) => {
      const model = `model=tiny,base_url=${scene.url}/v1/${path},num_concurrent=1,max_retries=1,tokenized_requests=False`
      const tokenizer = `tokenizer_backend=huggingface,tokenizer=${join(folder, "tokenizer")}`
      const line = ["--model", kind, "--model_args", `${model},${tokenizer}`, "--tasks", task, "--include_path", folder]
      return run(python, ["-m", "lm_eval", "run", ...line, ...more], { env, cwd: folder, timeout: RUN_MS })
    }
    for (const [kind, path, more] of [
      ["local-completions", "completions", []],
      ["local-chat-completions", "chat/completions", ["--apply_chat_template"]],
    ] as const) {
      const { stdout } = await evaluate(kind, path, "generated", more)
      assert.match(stdout, /exact_match\|[^|]*\|\s*1\|/)
    }
    const count = scene.engine.asked.length
    await assert.rejects(evaluate("local-completions", "completions", "likely"), (error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      assert.match(stdout + stderr, /'echo' is not supported: the engines give neither the prompt nor its log prob/)
      assert.match(stderr, /400 Client Error/)
      return true
    })
    assert.equal(scene.engine.asked.length, count, "no engine was asked")
  })
})

function answerEmbeddings(asked: EngineAsked): void {
  const { response, body } = asked
  if (body.input === "too long") {
    refuseAsTooLong(asked)
    return
  }
  const vectors = [body.input].flat().map((_, index) => ({ object: "embedding", index, embedding: [0.5, -1.25] }))
  response.end(JSON.stringify({ object: "list", data: vectors, usage: { prompt_tokens: 2, total_tokens: 2 } }))
}

function refuseAsTooLong({ response }: EngineAsked): void {
  const error = { code: 400, type: "exceed_context_size_error", message: "x", n_prompt_tokens: 900, n_ctx: 512 }
  response.writeHead(400).end(JSON.stringify({ error }))
}

function complete({ response }: EngineAsked): void {
  const choices = [{ index: 0, text: "Hello", logprobs: null, finish_reason: "stop" }]
  response.end(JSON.stringify({ id: "cmpl-1", object: "text_completion", created: 1, choices, usage: USAGE }))
}

/** Two tasks of one question each: what is generated, and which of two answers is likelier. */
function writeTasks(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const questions = join(folder, "questions.jsonl")
  writeFileSync(questions, `${JSON.stringify({ question: "Q1", answer: "Hello" })}\n`)
  const task = (name: string, rest: object) => {
    const all = {
      task: name,
      dataset_path: "json",
      dataset_kwargs: { data_files: { test: questions } },
      test_split: "test",
      doc_to_text: "{{question}}",
      ...rest,
    }
    // JSON is YAML, too.
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(all))
  }
  const metric = (name: string) => ({ metric_list: [{ metric: name, aggregation: "mean", higher_is_better: true }] })
  const generation = { until: ["\n\n"], max_gen_toks: 8, do_sample: false, temperature: 0 }
  task("generated", {
    output_type: "generate_until",
    doc_to_target: "{{answer}}",
    generation_kwargs: generation,
    ...metric("exact_match"),
  })
  task("likely", {
    output_type: "multiple_choice",
    doc_to_target: 0,
    doc_to_choice: ["Hello", "world"],
    ...metric("acc"),
  })
}
