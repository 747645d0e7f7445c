import { GatewayProblem } from "./gateway-problem.ts"
import { countOf, type JsonObject, objectOf, parseJson, textOf } from "./json-object.ts"

const LONGEST_MESSAGE = 1_000

/** What an engine's error means. */
export interface EngineError {
  readonly problem: GatewayProblem
  /** The replica is to blame, not the request: another one may be asked, and this one is to be looked at. */
  readonly isReplicaLost: boolean
}

/**
 * What an engine's answer that is no good one means to a client. Shapes: llama.cpp has `{error: {code, message, type}}`, with
 * `n_prompt_tokens` and `n_ctx` where a prompt is too long; MLX has `{error: "text"}`, and 404 when its generation thread has died.
 * @param name how the client calls the model; `engineModel`, which may be a path, is never shown
 */
export function readEngineError(status: number, body: string, name: string, engineModel: string): EngineError {
  return engineError(status, objectOf(parseJson(body)), name, engineModel)
}

/** As {@link readEngineError}, of an error that came as JSON, also within a stream. @param status 0: not known */
export function engineError(
  status: number,
  body: JsonObject | undefined,
  name: string,
  engineModel: string,
): EngineError {
  const error = objectOf(body?.error) ?? {}
  const said = textOf(error.message) ?? textOf(body?.error) ?? ""
  const code = countOf(error.code) ?? status
  const message = hideModel(said, name, engineModel)
  const type = textOf(error.type) ?? ""
  if (type === "exceed_context_size_error" || isContextText(said)) return refused(contextProblem(error, message))
  if (code === 501 || type === "not_supported_error")
    return refused(new GatewayProblem("unsupported", message || `The engine of ${name} does not have this`))
  if (code === 400 || code === 413 || code === 422)
    return refused(new GatewayProblem("bad_request", message || "The engine refused the request"))
  // llama.cpp's, of a grammar that none of its tokens begins, as `[z-a]`.
  if (said.includes("Unexpected empty grammar stack"))
    return refused(
      new GatewayProblem("bad_request", `No token of ${name} fits the grammar: ${message}`, { param: "grammar" }),
    )
  if (code === 500) return refused(new GatewayProblem("engine", message || "The engine failed to answer"))
  // Which model is asked for, and with which key, is the gateway's to say: any other status tells of the replica.
  return { problem: new GatewayProblem("broken", `The engine of ${name} is not ready`), isReplicaLost: true }
}

function refused(problem: GatewayProblem): EngineError {
  return { problem, isReplicaLost: false }
}

function isContextText(text: string): boolean {
  return /exceeds? the (available |maximum )?context|context (size|length|window) (is )?exceeded/i.test(text)
}

/** LiteLLM knows a prompt that is too long only by the beginning of this text. */
function contextProblem(error: JsonObject, message: string): GatewayProblem {
  // MLX's says it in words alone (src/hive/engines/mlx-launcher.ts).
  const [, saidAsked, saidMost] = /has (\d+) tokens and exceeds the context of (\d+)/.exec(message) ?? []
  const most = countOf(error.n_ctx) ?? countOf(Number(saidMost))
  const asked = countOf(error.n_prompt_tokens) ?? countOf(Number(saidAsked))
  const text =
    most === undefined
      ? `This model's maximum context length is exceeded: ${message}`
      : `This model's maximum context length is ${most} tokens. However, your messages resulted in ${asked ?? "more"} tokens. Please reduce the length of the messages.`
  return new GatewayProblem("context_exceeded", text, { param: "messages" })
}

/** Paths on hosts are nobody's business. */
function hideModel(text: string, name: string, engineModel: string): string {
  const shown = engineModel === "" ? text : text.replaceAll(engineModel, name)
  return shown.replaceAll(/(?<![\w/])\/(?:[\w.@+-]+\/)+[\w.@+-]*/g, "(path)").slice(0, LONGEST_MESSAGE)
}
