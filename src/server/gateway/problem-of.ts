import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { ReplicaLost } from "./ask-engine.ts"

/** What a client is told of what went wrong. */
export function problemOf(error: unknown): GatewayProblem {
  if (error instanceof GatewayProblem) return error
  if (error instanceof ReplicaLost) return error.problem
  return new GatewayProblem("engine", "The server failed to answer", { cause: error })
}
