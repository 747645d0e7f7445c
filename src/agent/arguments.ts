import { isAbsolute } from "node:path"
import { parseArgs } from "node:util"
import { WindfallError } from "../protocol/errors.ts"
import { isId, type ServerId } from "../protocol/ids.ts"

export interface AgentArguments {
  readonly root: string
  readonly server: ServerId
  /** As hostClock() reads it. */
  readonly clockOffset: string
  readonly takeOver: boolean
}

/** Reads the agent's command line: `--root DIR --server ID [--clock-offset MS|@FILE] [--take-over]`. */
export function readArguments(argv: readonly string[]): AgentArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      root: { type: "string" },
      server: { type: "string" },
      "clock-offset": { type: "string", default: "0" },
      "take-over": { type: "boolean", default: false },
    },
    strict: true,
  })
  const { root, server } = values
  if (root === undefined || !isAbsolute(root)) throw refused("--root must be an absolute path")
  if (!isId("s", server)) throw refused("--server must be a server's id")
  return { root, server: server as ServerId, clockOffset: values["clock-offset"], takeOver: values["take-over"] }
}

function refused(reason: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot start the agent: ${reason}`)
}
