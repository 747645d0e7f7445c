import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { type Pool, startPool } from "../test/support/pool.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const BYTES = 1024 ** 3
const MEGABYTE = 1e6
const TIMES = 5
const ROUND_TRIPS = 2_000

/** One port gives bytes as fast as they are taken, one takes them and says when it has all, one gives back what it gets. */
const PROGRAM = `
const { createServer } = require("node:net")
const piece = Buffer.alloc(256 * 1024)
const serve = (port, take) => createServer({ allowHalfOpen: true, noDelay: true }, (s) => { s.on("error", () => {}); take(s) }).listen(port, "127.0.0.1")
serve(7101, (s) => {
  let left = ${BYTES}
  const give = () => { while (left > 0) { left -= piece.length; if (!s.write(piece)) return } s.end() }
  s.on("drain", give); give()
})
serve(7102, (s) => { s.resume(); s.on("end", () => s.end("all")) })
serve(7103, (s) => s.pipe(s))
`

export const forwardedPort: Benchmark = {
  name: "forwarded-port",
  about:
    "A connection through `windfall forward` to a program of a job: command line, server, ssh, agent. How much it carries each way, and what a round trip of one byte takes; the agent runs on this machine without ssh for the first figures, and behind a lab host's sshd for the others. The server is one just started.",
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    await using pool = await startPool({ hosts: 1 })
    await pool.addHost({ address: `local:${pool.scratch.at("forward")}`, name: "here" })
    const figures: Figure[] = []
    for (const [host, way] of [
      ["here", "without ssh"],
      ["host1", "through ssh"],
    ] as const) {
      figures.push(...(await measure(pool, host, way, note)))
    }
    return figures
  },
}

async function measure(pool: Pool, host: string, way: string, note: (line: string) => void): Promise<Figure[]> {
  const { id } = await pool.submit({ host, command: ["sh", "-c", `exec "$WINDFALL_NODE" -e '${PROGRAM}'`] })
  await using child = pool.start(["forward", String(id), "7101:0", "7102:0", "7103:0", "--json"])
  const local = async (port: number) => {
    const open = new RegExp(`"port":${port},"local":(\\d+)`)
    await child.says(open)
    return Number(open.exec(child.stdout)?.[1])
  }
  const [down, up, echo] = [await local(7101), await local(7102), await local(7103)]
  const downRates: number[] = []
  const upRates: number[] = []
  for (let i = 0; i < TIMES; i++) {
    downRates.push(await rate(() => takeAll(down)))
    upRates.push(await rate(() => giveAll(up)))
    note(`${way}: ${downRates.at(-1)?.toFixed(0)} MB/s down, ${upRates.at(-1)?.toFixed(0)} MB/s up`)
  }
  const roundTrips = await timeRoundTrips(echo)
  await pool.windfall(["stop", String(id)])
  const bounds = way === "without ssh" ? ([{ of: "median", least: 200 }] as const) : []
  return [
    { what: `from the job, ${way}`, unit: "MB/s", values: downRates, bounds },
    { what: `to the job, ${way}`, unit: "MB/s", values: upRates, bounds },
    { what: `there and back, ${way}`, unit: "ms", values: roundTrips, bounds: [{ of: "median", most: 1 }] },
  ]
}

async function rate(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await act()
  return BYTES / MEGABYTE / ((performance.now() - startedMs) / 1000)
}

async function takeAll(port: number): Promise<void> {
  let bytes = 0
  // Into one buffer: this process collects no garbage while the others are measured.
  const onread = {
    buffer: Buffer.allocUnsafeSlow(256 * 1024),
    callback: (count: number) => {
      bytes += count
      return true
    },
  }
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread })
  await once(socket, "end")
  socket.destroy()
  if (bytes !== BYTES) throw new Error(`The port gave ${bytes} bytes`)
}

async function giveAll(port: number): Promise<void> {
  const socket = await open(port)
  const piece = Buffer.alloc(256 * 1024)
  for (let left = BYTES; left > 0; left -= piece.length) {
    if (!socket.write(piece)) await once(socket, "drain")
  }
  socket.end()
  await once(socket, "data")
  socket.destroy()
}

async function timeRoundTrips(port: number): Promise<number[]> {
  const socket = await open(port)
  const values: number[] = []
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const startedMs = performance.now()
    socket.write("x")
    await once(socket, "data")
    values.push(performance.now() - startedMs)
  }
  socket.destroy()
  return values
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true })
  await once(socket, "connect")
  return socket
}
