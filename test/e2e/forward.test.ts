import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, connect as netConnect, type Socket } from "node:net"
import { buffer, text } from "node:stream/consumers"
import { test } from "node:test"
import WebSocket from "ws"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import type { Child } from "../support/child.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1, server: { timing: { pingMs: 400, silenceMs: 1200, lastRetryMs: 500 } } })

/** A program for the job: what a notebook server does, by Node, which every host has. */
const NOTEBOOK = `
const http = require("node:http"), crypto = require("node:crypto")
const server = http.createServer((request, response) => {
  if (request.url === "/echo") request.pipe(response)
  else response.end("hello from " + process.env.WINDFALL_JOB + " " + request.headers.host)
})
server.on("upgrade", (request, socket) => {
  const key = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64")
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + key + "\\r\\n\\r\\n")
  const said = Buffer.from("kernel says hello")
  socket.write(Buffer.concat([Buffer.from([0x82, said.length]), said]))
  socket.on("error", () => {})
})
`
const listening = (port: number, before = ":") => [
  "sh",
  "-c",
  `${before}; exec "$WINDFALL_NODE" -e '${NOTEBOOK} server.listen(${port}, "127.0.0.1")'`,
]

async function localPort(child: Child, port: number): Promise<number> {
  const line = new RegExp(`http://127.0.0.1:(\\d+) leads to port ${port} `)
  await child.says(line, "stderr")
  return Number(line.exec(child.stderr)?.[1])
}

test("a notebook: HTTP, a WebSocket and a large upload through a port that opens late; ends with the job", async () => {
  const job = await pool().submit({
    command: listening(8888, `${ACCOUNT_HOME}; until [ -e $A/go-on ]; do sleep 0.1; done`),
    name: "notebook",
  })
  await using child = pool().start(["forward", "notebook", "8888:0"])
  await child.says(/waiting for port 8888 of job \d+ \(notebook\): nothing listens there yet/, "stderr")
  await pool().hosts[0]?.write("go-on", "")
  const local = await localPort(child, 8888)
  const page = await fetch(`http://127.0.0.1:${local}/`)
  assert.equal(await page.text(), `hello from ${job.id} 127.0.0.1:${local}`)
  const socket = new WebSocket(`ws://127.0.0.1:${local}/`)
  const [message] = (await once(socket, "message")) as [Buffer]
  assert.equal(message.toString(), "kernel says hello")
  const bytes = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef-")
  const echo = await fetch(`http://127.0.0.1:${local}/echo`, { method: "POST", body: bytes })
  assert.ok(Buffer.from(await echo.arrayBuffer()).equals(bytes))
  const closed = new Promise((resolve) => socket.on("error", () => undefined).once("close", resolve))
  await pool().windfall(["stop", "notebook"])
  await closed
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /job \d+ \(notebook\) was stopped.*: its ports are closed/)
  await assert.rejects(fetch(`http://127.0.0.1:${local}/`))
})

/** Says how much came before the client's end, after that end. */
const COUNTER = `
require("node:net").createServer({ allowHalfOpen: true }, (socket) => {
  let bytes = 0
  socket.on("data", (chunk) => { bytes += chunk.length })
  socket.on("end", () => socket.end("got " + bytes))
  socket.on("error", () => {})
}).listen(7001, "::1")
require("node:net").createServer((socket) => { socket.on("error", () => {}); socket.write(Buffer.alloc(64e6)) }).listen(7002, "0.0.0.0")
require("node:net").createServer((socket) => { socket.write("part"); setTimeout(() => socket.resetAndDestroy(), 100) }).listen(7003)
`

test("half close, a stalled reader beside a quick one, a reset that is no end, too many at once; Ctrl-C ends with 0", async () => {
  const command = ["sh", "-c", `exec "$WINDFALL_NODE" -e '${COUNTER}'`]
  const { id } = await pool().submit({ command })
  await using child = pool().start(["forward", String(id), "7001:0", "7002:0", "7003:0", "--json"])
  const events = async (port: number) => {
    const open = new RegExp(`"port":${port},"local":(\\d+)`)
    await child.says(open)
    return Number(open.exec(child.stdout)?.[1])
  }
  const [counter, flood, reset] = [await events(7001), await events(7002), await events(7003)]
  await using stalled = socketTo(flood)
  await once(stalled.socket, "readable")
  await using quick = socketTo(counter)
  quick.socket.end(Buffer.alloc(3_000_000))
  assert.equal(await text(quick.socket), "got 3000000")
  await using broken = socketTo(reset)
  await assert.rejects(buffer(broken.socket), { code: "ECONNRESET" })
  const many = Array.from({ length: 140 }, () => socketTo(counter))
  await child.says(
    /"type":"full","port":7001,"error":\{"code":"host_busy","message":"[^"]*128 are open to this job already/,
  )
  assert.equal(child.stdout.match(/"type":"full"/g)?.length, 1)
  await Promise.race(many.map(({ socket }) => new Promise((resolve) => socket.once("close", resolve))))
  for (const one of many) await one[Symbol.asyncDispose]()
  // Those that were let go are gone at the host a moment later.
  let said = ""
  while (said === "") {
    await using again = socketTo(counter)
    again.socket.end("x")
    said = await text(again.socket).catch(() => "")
  }
  assert.equal(said, "got 1")
  child.process.kill("SIGINT")
  const { exitCode, stdout } = await child.ended
  assert.equal(exitCode, 0)
  assert.equal(JSON.parse(stdout.trim().split("\n").at(-1) ?? "").type, "end")
  await pool().windfall(["stop", String(id)])
})

function socketTo(port: number): { readonly socket: Socket } & AsyncDisposable {
  const socket = netConnect({ port, host: "127.0.0.1", allowHalfOpen: true })
  socket.on("error", () => undefined)
  return {
    socket,
    async [Symbol.asyncDispose]() {
      socket.destroy()
    },
  }
}

test("only what a process of the job listens on; only for its owner and administrators", async () => {
  const other = await pool().submit({ command: listening(8890) })
  const own = await pool().submit({ command: ["sleep", "600"] })
  await pool().untilState(own.id, "running")
  await using rightful = pool().start(["forward", String(other.id), "8890:0"])
  await localPort(rightful, 8890)
  await using child = pool().start(["forward", String(own.id), "8890:0"])
  await child.says(/what listens there is not of this job/, "stderr")
  // The host's own sshd.
  await using sshd = pool().start(["forward", String(own.id), `${pool().hosts[0]?.port}:0`])
  await sshd.says(/what listens there is not of this job|nothing listens there/, "stderr")
  const token = await pool().addUser("mallory")
  const stranger = await pool().windfall(["forward", String(other.id), "8890:0"], { token })
  assert.equal(stranger.exitCode, 2)
  assert.match(stranger.stderr, /Cannot reach port 8890 of job \d+: it belongs to admin/)
  for (const id of [other.id, own.id]) await pool().windfall(["stop", String(id)])
})

test("a new connection waits while the link to the host is away", async () => {
  const { id } = await pool().submit({ command: listening(8891) })
  await using child = pool().start(["forward", String(id), "8891:0"])
  const local = await localPort(child, 8891)
  const [host] = pool().hosts
  await host?.cut()
  await pool().untilHost("host1", ({ link }) => link !== "ready")
  const page = fetch(`http://127.0.0.1:${local}/`)
  await host?.restore()
  assert.match(await (await page).text(), /^hello/)
  await pool().windfall(["stop", String(id)])
})

test("send --forward: the port is there while the job runs, and its output too", async () => {
  await using child = pool().start(["send", "--no-folder", "--forward", "8892:0", "--", ...listening(8892)])
  const local = await localPort(child, 8892)
  assert.match(await (await fetch(`http://127.0.0.1:${local}/`)).text(), /^hello/)
  const id = Number(/of job (\d+)/.exec(child.stderr)?.[1])
  await pool().windfall(["stop", String(id)])
  assert.equal((await child.ended).exitCode, 130)
})

test("bad input is refused before anything is sent", async () => {
  const taken = createServer().listen(0, "127.0.0.1")
  await once(taken, "listening")
  const { port } = taken.address() as { port: number }
  const before = (await pool().api<{ jobs: unknown[] }>("GET", "/v1/jobs?user=all")).jobs.length
  const refused = async (args: readonly string[], pattern: RegExp) => {
    const { exitCode, stderr } = await pool().windfall(args)
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, pattern)
  }
  try {
    await refused(["send", "--forward", `8888:${port}`, "--", "true"], /something listens there already\n.*8888:0/)
  } finally {
    taken.close()
  }
  await refused(["send", "--forward", "notebook", "--", "true"], /Cannot read --forward notebook: write a port/)
  await refused(["send", "-d", "--forward", "8888", "--", "true"], /Cannot forward ports with --detach/)
  await refused(
    ["forward", "1", "8888", "8888"],
    /Cannot forward port 8888 twice to port 8888 .*\n.*Leave one of them out/,
  )
  const one = /Cannot forward port 6006 to port 9000 of this machine: port 8888 is to be there\n.*6006:9001.*6006:0/
  await refused(["forward", "1", "8888:9000", "6006:9000"], one)
  await refused(["send", "--forward", "8888:9000", "--forward", "6006:9000", "--", "true"], one)
  await refused(["forward", "1", "0"], /ports go from 1 to 65535/)
  await refused(["forward", "999999", "80"], /999999/)
  assert.equal((await pool().api<{ jobs: unknown[] }>("GET", "/v1/jobs?user=all")).jobs.length, before)
})
