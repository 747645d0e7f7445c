import assert from "node:assert/strict"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type TestContext, test } from "node:test"
import { systemClock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import { encodeMessages, encodeOutput } from "../protocol/frames.ts"
import { Client } from "./client.ts"
import { type LogRequest, readLog } from "./follow/log-reader.ts"
import { readServerUrl } from "./server-url.ts"

test("a request that broke is tried again, a POST under the same idempotency key", async (context) => {
  const keys: unknown[] = []
  const client = await clientOf(context, (request, response) => {
    if (request.url === "/v1/me") return void response.end('{"user":"mia"}')
    keys.push(request.headers["idempotency-key"])
    if (keys.length < 3) request.socket.destroy()
    else response.end('{"id":1}')
  })
  assert.deepEqual(await client.get("/v1/me"), { user: "mia" })
  assert.deepEqual(await client.post("/v1/jobs", { spec: {} }), { id: 1 })
  assert.equal(keys.length, 3)
  assert.equal(new Set(keys).size, 1)
  assert.match(String(keys[0]), /^[0-9a-z]{32}$/)
})

test("a POST that is the first request of all is repeated, too, when its answer is dropped or breaks off", async (context) => {
  const keys: unknown[] = []
  const client = await clientOf(context, (request, response) => {
    keys.push(request.headers["idempotency-key"])
    if (keys.length === 1) request.socket.destroy()
    else if (keys.length === 2)
      response.writeHead(200, { "content-length": 8 }).write('{"id', () => request.socket.destroy())
    else response.end('{"id":1}')
  })
  assert.deepEqual(await client.post("/v1/jobs", { spec: {} }), { id: 1 })
  assert.equal(keys.length, 3)
  assert.equal(new Set(keys).size, 1)
})

test("of a POST that was never answered nobody says that it was not done", async (context) => {
  const client = await clientOf(context, (request) => request.socket.destroy())
  await assert.rejects(client.post("/v1/jobs", { spec: {} }, { patienceMs: 300 }), (error) => {
    assert.ok(error instanceof WindfallError)
    assert.equal(error.code, "link_lost")
    assert.equal(error.exitCode, 125)
    assert.doesNotMatch(error.hint ?? "", /certificate/)
    return true
  })
})

test("a certificate is asked after only when nothing was ever heard, twice", async (context) => {
  let asked = 0
  const client = await clientOf(context, (request, response) => {
    if (++asked === 1 || asked > 2) request.socket.destroy()
    else response.end('{"user":"mia"}')
  })
  assert.deepEqual(await client.get("/v1/me"), { user: "mia" })
  await assert.rejects(client.get("/v1/me", { patienceMs: 0 }), { hint: /restarted/ })
  const silent = await clientOf(context, (request) => request.socket.destroy())
  await assert.rejects(silent.get("/v1/me"), { code: "server_unreachable", hint: /certificate/ })
})

test("a server that was never reached is said at once, with what to do", async () => {
  const client = newClient("http://127.0.0.1:1")
  await assert.rejects(client.get("/v1/me"), (error) => {
    assert.ok(error instanceof WindfallError)
    assert.equal(error.code, "server_unreachable")
    assert.equal(error.exitCode, 2)
    assert.match(error.hint ?? "", /windfall up/)
    return true
  })
})

test("the server's own error comes through; one of somebody else's server is told from it", async (context) => {
  const client = await clientOf(context, (request, response) => {
    if (request.url === "/other") return void response.writeHead(502).end("<h1>Bad\n gateway</h1>")
    const { message, code } = { code: "job_not_found", message: "Cannot find job 9: there is no such job" }
    response.writeHead(404).end(JSON.stringify({ error: { code, message } }))
  })
  await assert.rejects(client.get("/v1/jobs/9"), { code: "job_not_found", message: /Cannot find job 9/ })
  await assert.rejects(client.get("/other"), { code: "protocol_mismatch", message: /502 <h1>Bad gateway/ })
})

test("a server's address is checked", () => {
  assert.equal(readServerUrl("lab:7480").href, "http://lab:7480/")
  assert.equal(readServerUrl("https://lab.example/windfall").href, "https://lab.example/windfall")
  for (const bad of ["", "ftp://lab", "http://", "http://user:secret@lab"]) {
    assert.throws(() => readServerUrl(bad), WindfallError, bad)
  }
})

test("readLog() hands on each byte once, in order, however often the connection breaks", async (context) => {
  const stdout = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 251))
  let asked = 0
  const client = await clientOf(context, (request, response) => {
    asked++
    const { searchParams } = new URL(request.url ?? "", "http://x")
    // Starts earlier than asked for, as a server may that reads whole pieces.
    const from = Math.max(0, Number(searchParams.get("fromStdout") ?? 0) - 100)
    const to = Math.min(stdout.length, from + 1_300)
    response.write(encodeOutput({ sequence: 1, stream: "stdout", offset: from, bytes: stdout.subarray(from, to) }))
    const last = encodeMessages([{ gap: { stream: "stderr", from: 0, to: 40 } }])
    if (to === stdout.length) response.end(last)
    else response.write(last.subarray(0, 7), () => setImmediate(() => request.socket.destroy()))
  })
  const got: Buffer[] = []
  const gaps: unknown[] = []
  const job = 1 as LogRequest["job"]
  await readLog(
    { client, job, attempt: 1, follow: true, signal: new AbortController().signal },
    { stdout: 0, stderr: 0 },
    {
      output: async (_, bytes) => void got.push(Buffer.from(bytes)),
      gap: async (gap) => void gaps.push(gap),
      end: async () => {},
    },
  )
  assert.ok(asked > 3)
  assert.ok(Buffer.concat(got).equals(stdout))
  assert.deepEqual(gaps, [{ stream: "stderr", from: 0, to: 40 }])
})

test("readLog() tells gaps side by side as one, also over a connection that breaks in the middle", async (context) => {
  let asked = 0
  const gap = (from: number, to: number) => encodeMessages([{ gap: { stream: "stdout", from, to } }])
  const output = (offset: number) =>
    encodeOutput({ sequence: 1, stream: "stdout", offset, bytes: Buffer.from(String(offset)) })
  const client = await clientOf(context, (request, response) => {
    asked++
    const { searchParams } = new URL(request.url ?? "", "http://x")
    if (asked === 1) {
      assert.equal(searchParams.get("tail"), "5")
      response.write(Buffer.concat([gap(10, 20), gap(20, 30)]), () => setImmediate(() => request.socket.destroy()))
      return
    }
    assert.deepEqual([searchParams.get("tail"), searchParams.get("fromStdout")], [null, "10"])
    response.end(Buffer.concat([gap(10, 30), gap(30, 40), output(40), gap(42, 50), gap(50, 60)]))
  })
  const told: unknown[] = []
  const job = 1 as LogRequest["job"]
  const position = { stdout: 0, stderr: 0 }
  await readLog({ client, job, attempt: 1, follow: true, tail: 5, signal: new AbortController().signal }, position, {
    output: async (_, bytes) => void told.push(Buffer.from(bytes).toString()),
    gap: async ({ from, to }) => void told.push([from, to]),
    end: async () => void told.push("end"),
  })
  assert.deepEqual(told, [[10, 40], "40", [42, 60], "end"])
  assert.deepEqual(position, { stdout: 60, stderr: 0 })
})

function newClient(url: string): Client {
  return new Client({ login: { url, token: "t" }, clock: systemClock(), random: Math.random })
}

async function clientOf(
  context: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Client> {
  const server = createServer((request, response) => {
    request.resume()
    request.on("end", () => answer(request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const client = newClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  context.after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  return client
}
