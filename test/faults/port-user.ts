import assert from "node:assert/strict"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type { Ground } from "./ground.ts"
import type { LedgerJob } from "./ledger-job.ts"

const PAUSE_MS = 50

/**
 * Uses the port of a job, if it has one, through `windfall forward`, over and over until the job has ended. Once `healed`, what
 * comes whole is the last: the job then ends. @throws AssertionError when less than all came as if it were all
 */
export async function usePort({ pool }: Ground, job: LedgerJob, healed: AbortSignal): Promise<void> {
  if (job.port === 0) return
  await using forward = pool.start(["forward", `${job.id}`, `${job.port}:0`, "--json"])
  let over = false
  const ended = forward.ended.finally(() => {
    over = true
  })
  const opened = forward.says(/"local":\d+/).catch(() => undefined)
  await Promise.race([opened, ended])
  const local = Number(/"local":(\d+)/.exec(forward.stdout)?.[1] ?? 0)
  while (!over && local !== 0) {
    const word = healed.aborted ? "enough\n" : "more\n"
    const came = await takeAll(local, word)
    if (came !== null) assert.ok(came.equals(job.served), `its port gave ${came.length} bytes of ${job.served.length}`)
    await Promise.race([ended, sleep(PAUSE_MS)])
  }
  const { exitCode, stderr } = await ended
  assert.equal(exitCode, 0, `forward ended: ${stderr}`)
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
