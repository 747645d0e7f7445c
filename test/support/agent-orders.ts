import { randomBytes } from "node:crypto"
import type { AttemptOrder, ServerMessage } from "../../src/protocol/agent-wire.ts"
import { type AttemptId, type BlobHash, type JobId, makeId, type ServerId } from "../../src/protocol/ids.ts"

export function makeServerId(): ServerId {
  return makeId("s", randomBytes(16))
}

/** An order with everything that a test does not care about filled in. */
export function makeOrder(
  sequence: number,
  command: readonly string[],
  more: Partial<AttemptOrder> = {},
): AttemptOrder {
  return {
    attempt: makeId<AttemptId>("a", randomBytes(16)),
    job: sequence as JobId,
    jobName: null,
    user: "ann",
    number: 1,
    sequence,
    kind: "task",
    command,
    env: {},
    workspace: null as BlobHash | null,
    workingFolder: "",
    lease: { memoryBytes: 512 * 1024 ** 2, gpus: 0, cores: 1 },
    timeLimitMs: null,
    graceMs: 5_000,
    stopSignal: "SIGTERM",
    outputs: null,
    stdin: null,
    data: [],
    pty: null,
    environment: null,
    silenceLimitMs: null,
    outputHeadBytes: 64 * 1024 * 1024,
    outputTailBytes: 16 * 1024 * 1024,
    ...more,
  }
}

/** Asks for an attempt's end. */
export function stop(
  order: AttemptOrder,
  graceMs: number,
  more: { cause?: "cancelled" | "preempted"; signal?: string } = {},
): ServerMessage {
  const { attempt, sequence } = order
  return { type: "stop", attempt, sequence, cause: "cancelled", signal: "SIGTERM", graceMs, ...more }
}
