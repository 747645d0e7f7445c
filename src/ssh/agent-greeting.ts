import { WindfallError } from "../protocol/errors.ts"
import type { ChildLink } from "./child-link.ts"
import type { ScriptReader } from "./remote-script.ts"

/** For who may look for damage on the host and try again: a broken signature, for instance, makes macOS kill Node. */
const NOT_STARTED = { agentStarted: false }

/**
 * Reads the agent's first line: `WINDFALL-AGENT ok`, or `WINDFALL-AGENT refused ERROR`.
 * @throws {WindfallError} the agent's refusal; anything else carries `details.agentStarted: false`
 */
export async function readAgentGreeting(
  reader: ScriptReader,
  link: ChildLink,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const line = await reader.nextRaw(signal)
  if (line === "WINDFALL-AGENT ok") return
  const [, refusal] = /^WINDFALL-AGENT refused (.*)$/.exec(line ?? "") ?? []
  if (refusal !== undefined) {
    try {
      throw WindfallError.fromBody(JSON.parse(refusal))
    } catch (error) {
      if (error instanceof WindfallError) throw error
    }
  }
  if (line !== null) {
    throw new WindfallError(
      "corrupt_data",
      `Cannot start the agent on ${address}: it says ${JSON.stringify(line.slice(0, 100))}`,
      { details: NOT_STARTED },
    )
  }
  const { code, signal: killedBy, stderr } = await link.end()
  const said = stderr.trim().split("\n").slice(-3).join("; ").slice(0, 300)
  throw new WindfallError(
    "host_unreachable",
    `Cannot start the agent on ${address}: it ended with ${killedBy ?? code}${said === "" ? "" : ` (${said})`}`,
    { details: NOT_STARTED },
  )
}
