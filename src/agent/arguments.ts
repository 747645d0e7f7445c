import { isAbsolute } from "node:path"
import { parseArgs } from "node:util"
import { WindfallError } from "../protocol/errors.ts"
import { isId, type ServerId } from "../protocol/ids.ts"
import { readInstance, type ServerInstance } from "../protocol/server-instance.ts"

export interface AgentArguments {
  readonly root: string
  readonly server: ServerId
  /** Which of those that have this id it is. */
  readonly instance: ServerInstance
  /** As hostClock() reads it. */
  readonly clockOffset: string
  readonly takeOver: boolean
}

/** Reads the agent's command line: `--root DIR --server ID --instance TEXT [--clock-offset MS|@FILE] [--take-over]`. */
export function readArguments(argv: readonly string[]): AgentArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      root: { type: "string" },
      server: { type: "string" },
      instance: { type: "string" },
      "clock-offset": { type: "string", default: "0" },
      "take-over": { type: "boolean", default: false },
    },
    strict: true,
  })
  const { root, server } = values
  if (root === undefined || !isAbsolute(root)) throw refused("--root must be an absolute path")
  if (!isId("s", server)) throw refused("--server must be a server's id")
  const instance = readInstance(values.instance ?? "")
  if (instance === null) throw refused("--instance must say which run of the server it is")
  return {
    root,
    server: server as ServerId,
    instance,
    clockOffset: values["clock-offset"],
    takeOver: values["take-over"],
  }
}

function refused(reason: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot start the agent: ${reason}`)
}
