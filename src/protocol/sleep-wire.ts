import type { AttemptId } from "./ids.ts"
import { attempt, count, fail, type Raw } from "./raw-check.ts"

/**
 * The host slept while the attempt ran, by the host's clock: told when it has woken, and again after each new contact. A repeat
 * changes nothing; one that begins as an earlier one and ends later makes that longer. A part of `AgentMessage`.
 */
export interface SleptNews {
  readonly type: "slept"
  readonly attempt: AttemptId
  readonly sequence: number
  readonly from: number
  readonly to: number
}

/** Checks of it: a part of agent-check.ts. */
export const SLEEP_CHECKS: Readonly<Record<SleptNews["type"], (raw: Raw, type: string) => void>> = {
  slept: (raw, type) => {
    attempt(raw, type)
    count(raw, "from", type)
    count(raw, "to", type)
    if ((raw.to as number) <= (raw.from as number)) fail(type, "to")
  },
}
