import assert from "node:assert/strict"
import { test } from "node:test"
import { explainEnd } from "./llama-ends.ts"

const LAST = "0.00.1 E srv  llama_server: exiting due to model loading error"

test("the end of llama.cpp tells of a model that no try can serve why, in the engine's own words", () => {
  const of = (...lines: string[]) => {
    const { code, reason } = explainEnd("head", { exitCode: 1, signal: null }, [...lines, LAST])
    return [code, reason]
  }
  // A template that is not closed.
  const parsed = of(
    "0.00.100.862 E common_chat_templates_init: error: parser: Parser Error: Expected }} (Got )",
    "...{% for m in messages %}{{m.content",
    "   ^",
    "0.00.100.867 E common_chat_templates_init: failed to initialize chat template",
    "0.00.100.895 E srv          init: init: chat template parsing error: std::exception",
    "0.00.100.896 E srv          init: init: please consider disabling jinja via --no-jinja",
  )
  const why = "the model's chat template cannot be used:"
  assert.deepEqual(parsed, ["model_refused", `${why} Parser Error: Expected }} (Got )`])
  const raised = of(
    "0.00.107.039 E srv          init: init: chat template parsing error: Unable to generate parser for this template. Automatic parser generation failed: ",
    "------------",
    "While executing CallExpression at line 1, column 19 in source:",
    "...{{ raise_exception('no') }}   ...",
    "                     ^",
    "Error: Jinja Exception: no",
    "0.00.107.054 E srv          init: init: please consider disabling jinja via --no-jinja",
  )
  assert.deepEqual(raised, ["model_refused", `${why} Jinja Exception: no`])
  const onOneLine = of("E srv init: chat template parsing error: this one is odd")
  assert.deepEqual(onOneLine, ["model_refused", `${why} this one is odd`])
  const cache = "K cache type q8_0 with block size 32 does not divide n_embd_head_k=16"
  assert.deepEqual(of(`0.00.083.298 E llama_init_from_model: ${cache}`), [
    "model_refused",
    `its cache cannot be kept so (--kv): ${cache}`,
  ])
  assert.equal(of("E llama_init_from_model: quantized V cache requires flash_attn to be enabled")[0], "model_refused")
  assert.deepEqual(of("0.0 E mtmd_init_from_file: error: Failed to load CLIP model from m.gguf"), [
    "model_refused",
    "its projector (mmproj) cannot be loaded",
  ])
  assert.deepEqual(of('error while handling argument "--ctx-size": stoi'), [
    "engine_missing",
    "this llama.cpp does not take the value it is given as --ctx-size",
  ])
  // What nobody knows here is said as the engine says it.
  const [code, reason] = of("0.00.1 I loading", "0.00.2 E cmn  common_init_: the moon is full", "0.00.3 E more")
  assert.deepEqual(
    [code, reason],
    ["engine_ended", "its head ended with exit code 1: cmn  common_init_: the moon is full"],
  )
})
