/**
 * The agent: runs on a host as the far end of an SSH connection.
 *
 *   node agent.mjs --root DIR --server ID --instance TEXT [--clock-offset MS|@FILE] [--take-over]
 *
 * First a line on standard output, `WINDFALL-AGENT ok` or `WINDFALL-AGENT refused {ErrorBody}`; after `ok`, HTTP/2 on standard
 * input and output and nothing else, ever. It listens on nothing.
 */
import { randomBytes } from "node:crypto"
import { METAL_ARGUMENT } from "./doctor/metal-program.ts"
import { runOwnProgram } from "./doctor/own-programs.ts"
import { REACH_ARGUMENT } from "./doctor/reach-program.ts"
import { currentPlatform } from "./platform/current.ts"
import { runAgent } from "./run-agent.ts"
import { TERMINAL_HOST_ARGUMENT } from "./terminal-command.ts"
import { runTerminalHost } from "./terminal-main.ts"

const [, file = "", ...parameters] = process.argv
if (parameters[0] === TERMINAL_HOST_ARGUMENT) await runTerminalHost(parameters.slice(1), process.env)
else if (parameters[0] === METAL_ARGUMENT || parameters[0] === REACH_ARGUMENT) await runOwnProgram(parameters)
else
  await runAgent(parameters, {
    platform: currentPlatform,
    environment: process.env,
    program: [process.execPath, file],
    token: randomBytes(16).toString("hex"),
  })
