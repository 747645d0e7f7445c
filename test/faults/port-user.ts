import assert from "node:assert/strict"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type { Ground } from "./ground.ts"
import type { LedgerJob } from "./ledger-job.ts"

const PAUSE_MS = 50
const LOCAL = /"local":(\d+)/

/**
 * Uses the port of a job, if it has one, through `windfall forward`, over and over until the job has ended. Once `healed`, what
 * comes whole is the last: the job then ends. @throws AssertionError when less than all came as if it were all
 */
export async function usePort(ground: Ground, job: LedgerJob, healed: AbortSignal): Promise<void> {
  if (job.port === 0) return
  while (!(await useThrough(ground, job, healed))) await sleep(PAUSE_MS)
}

/** Returns false when the server was not there to begin with. */
async function useThrough({ pool }: Ground, job: LedgerJob, healed: AbortSignal): Promise<boolean> {
  await using forward = pool.start(["forward", `${job.id}`, `${job.port}:0`, "--json"])
  let over = false
  const ended = forward.ended.finally(() => {
    over = true
  })
  const opened = forward.says(LOCAL).catch(() => undefined)
  await Promise.race([opened, ended])
  const local = Number(LOCAL.exec(forward.stdout)?.[1] ?? 0)
  while (!over && local !== 0) {
    const came = await takeAll(local, healed.aborted ? "enough\n" : "more\n")
    if (came !== null) assert.ok(came.equals(job.served), `its port gave ${came.length} bytes of ${job.served.length}`)
    await Promise.race([ended, sleep(PAUSE_MS)])
  }
  const { exitCode, stdout, stderr } = await ended
  const said = stdout + stderr
  if (local === 0 && said.includes("Cannot reach the server")) return false
  // A job that is over before the first look has no ports to lead to.
  assert.ok(exitCode === 0 || said.includes("Cannot forward ports"), `forward ended with ${exitCode}: ${said}`)
  return true
}

/** All that comes until its end, which is answered with a word; `null` when the connection breaks before that. */
function takeAll(port: number, word: string): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let all: Buffer | null = null
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    socket.on("data", (piece: Buffer) => pieces.push(piece))
    socket.on("end", () => {
      all = Buffer.concat(pieces)
      socket.end(word)
    })
    socket.on("error", () => {})
    socket.on("close", () => resolve(all))
  })
}
