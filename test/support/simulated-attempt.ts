import type { AttemptOrder, ExitRecord, FoundAttempt } from "../../src/protocol/agent-wire.ts"
import type { OutputStream } from "../../src/protocol/frames.ts"
import type { BlobHash } from "../../src/protocol/ids.ts"
import type { FoundSuspension } from "../../src/protocol/owner-wire.ts"
import type { SimulatedHost } from "./simulated-host.ts"

/** One attempt as it lies on a simulated host. */
export interface SimulatedAttempt {
  readonly order: AttemptOrder
  phase: FoundAttempt["phase"]
  exit: ExitRecord | null
  swept: boolean
  /** By its clock, once it runs. */
  begunAt?: number
  /** Of a member of an attempt on several hosts. */
  isAtGate?: boolean
  hasGone?: boolean
  outputs: { tree: BlobHash; files: number; bytes: number } | null
  readonly text: Record<OutputStream, Buffer>
  /** What hello tells of how it was stopped for somebody's sake. */
  suspended?: FoundSuspension
}

/** A member of an attempt on several hosts has all that its command needs: it comes to the gate and waits there. */
export function toGate(host: SimulatedHost, attempt: SimulatedAttempt): void {
  const { attempt: id, sequence } = attempt.order
  if (attempt.phase === "preparing") {
    attempt.phase = "running"
    host.tell({ type: "started", attempt: id, sequence, pid: 4711, at: Date.now() })
  }
  attempt.isAtGate = true
  const port = 4000 + sequence
  host.tell({ type: "at-gate", attempt: id, sequence, addresses: host.addresses, ports: [port, port + 1000] })
}
