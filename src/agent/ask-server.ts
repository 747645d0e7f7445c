import type { AgentMessage } from "../protocol/agent-wire.ts"
import { type AgentContext, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"

/**
 * Asks for what an attempt lacks and waits until the server says that it has come.
 * @throws what the server says when it cannot be had, or the signal's reason
 */
export async function askServer(
  context: AgentContext,
  attempt: Attempt,
  question: Extract<AgentMessage, { type: "need" | "need-data" | "need_uv" }>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const supplied = Promise.withResolvers<void>()
  attempt.supply = supplied
  const stop = () => supplied.reject(signal.reason)
  signal.addEventListener("abort", stop, { once: true })
  tell(context, attempt, question)
  try {
    await supplied.promise
  } finally {
    attempt.supply = undefined
    signal.removeEventListener("abort", stop)
  }
}
