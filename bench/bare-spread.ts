import { once } from "node:events"
import { createReadStream } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { setTimeout as pause } from "node:timers/promises"
import type { Pool } from "../test/support/pool.ts"

const PROGRAM = join(import.meta.dirname, "bare-copy.ts")
const PORT = 7400

/**
 * How long a file takes from here to the first hosts of a pool, from one to the next, over plain TCP: each hashes it and writes it, and nothing else is done. It is
 * what a spread can hardly be quicker than, on the same cores and cables.
 * @param onBegun is called when all wait for it
 */
export async function bareSpreadMs(
  pool: Pool,
  file: string,
  hosts: number,
  onBegun: () => Promise<void>,
): Promise<number> {
  const taking = pool.hosts.slice(0, hosts)
  const jobs = await Promise.all(
    taking.map((host, i) => {
      const next = taking[i + 1]?.address
      const command = [process.execPath, PROGRAM, `${PORT}`, "copy", ...(next === undefined ? [] : [next])]
      return pool.submit({ command, host: host.name })
    }),
  )
  for (const { id } of jobs) {
    await pool.untilState(id, "running")
    while ((await pool.log(id)).length === 0) await pause(20)
  }
  await onBegun()
  const startedMs = performance.now()
  const socket = connect({ port: PORT, host: taking[0]!.address, allowHalfOpen: true })
  const gone = once(socket.resume(), "end")
  await pipeline(createReadStream(file, { highWaterMark: 512 * 1024 }), socket, { end: true })
  await gone
  const ms = performance.now() - startedMs
  for (const { id } of jobs) {
    const { state, reason } = await pool.awaitJob(id)
    if (state !== "succeeded") throw new Error(`the job is ${state}: ${reason}`)
  }
  return ms
}
