/**
 * The agent as tests run it where a sweep is not total, as on a Mac: `agent-main.ts` with the agent's own command line. The
 * account is what carries TEST_ACCOUNT with the agent's value, so that the machine's other processes are strangers to it.
 * With TEST_SWEEP=total a sweep is what it is on this system. With TEST_SYSTEM=darwin also the supervisors are those of a
 * Mac, which name their starts otherwise than this system. With TEST_OWNER it looks who is at the Mac whose commands lie below that
 * folder (steered-mac.ts), and has no process table as long as there is a file `no-table` in it.
 */
import { randomBytes } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { currentPlatform } from "../../src/agent/platform/current.ts"
import type { Platform } from "../../src/agent/platform/platform.ts"
import { runAgent } from "../../src/agent/run-agent.ts"
import { isThere } from "./agent-home.ts"

/** What a PTY host is started from. */
const AGENT_FILE = new URL("../../src/agent/main.ts", import.meta.url).pathname
const account = `TEST_ACCOUNT=${process.env.TEST_ACCOUNT}`

const ownerRoot = process.env.TEST_OWNER

function platform(): Platform {
  const current = currentPlatform()
  return {
    ...current,
    processes: async () => {
      if (ownerRoot !== undefined && existsSync(`${ownerRoot}/no-table`)) throw new Error("ps: fork: try again")
      return current.processes()
    },
    ...(process.env.TEST_SYSTEM === "darwin"
      ? { system: "darwin", isAlive: isThere, isSurely: isThere, supervises: isThere }
      : {}),
    ...(process.env.TEST_SWEEP === "total" ? {} : { sweepIsTotal: false }),
    ofAccount: (rows) => rows.filter(({ pid }) => carriesMark(pid)),
  }
}

function carriesMark(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(account)
  } catch {
    return false
  }
}

const [node = "", , ...parameters] = process.argv
await runAgent(parameters, {
  platform,
  environment: process.env,
  program: [node, AGENT_FILE],
  token: randomBytes(16).toString("hex"),
  owner: ownerRoot === undefined ? null : { root: ownerRoot, folder: `${ownerRoot}/Users/Shared/Windfall` },
})
