import assert from "node:assert/strict"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import { describe, it } from "node:test"
import { DEFAULT_LIMITS } from "../../src/hive/order/hive-order.ts"
import { freePort, whyNotListening } from "../../src/member/engine-ports.ts"
import type { EngineProcess } from "../../src/member/engine-process.ts"
import { engineSite } from "../../src/member/engine-site.ts"
import { findEngine } from "../../src/member/find-engine.ts"
import { Loss } from "../../src/member/loss.ts"
import { startHead } from "../../src/member/start-head.ts"
import { Child } from "../support/child.ts"
import { findLlamaCpp, olderLlamaCpp } from "../support/llama-cpp.ts"
import { memberContext, SOME_ORDER } from "../support/member-context.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const llama = await findLlamaCpp()
const engineFolder = "folder" in llama ? llama.folder : ""
const skip = "lacking" in llama && llama.lacking
const LIMITS = { ...DEFAULT_LIMITS, workerMs: 1_500, graceMs: 10_000 }

/** Listens and takes nobody: once its queue is full, Linux drops what asks for more, as a host does that swallows packets. */
const DEAF = `use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) or die; bind($s, sockaddr_in(0, inet_aton("127.0.0.1"))) or die;
listen($s, 0) or die; $| = 1; print +(sockaddr_in(getsockname($s)))[0], "\\n"; sleep 600;`

/** A port where packets are swallowed. */
async function deafPort(child: Child): Promise<number> {
  await child.says("\n")
  const port = Number(child.stdout)
  const at = { address: "127.0.0.1", port }
  while ((await whyNotListening(at, 300)) === null) {
    // The queue is not full yet.
  }
  return port
}

/** The real llama-server with a worker at this port. */
async function startWith(scratch: ScratchFolder, port: number): Promise<{ loss: Loss; engine: EngineProcess }> {
  const modelPath = scratch.at("model.gguf")
  writeRandomGguf(modelPath)
  const members = SOME_ORDER.members.map((member, rank) => (rank === 0 ? { ...member, modelPath } : member))
  const context = memberContext({ order: { ...SOME_ORDER, members, limits: LIMITS } })
  const never = new AbortController().signal
  const found = await findEngine(context.adapter, engineFolder, 0, process.env, never)
  const engines: EngineProcess[] = []
  const workers = [
    { rank: 0, address: "127.0.0.1", port },
    { rank: 1, address: "127.0.0.1", port },
  ]
  const failed = startHead(
    context,
    found,
    await engineSite(context, found),
    workers,
    never,
    (one) => void engines.push(one),
  )
  const loss = await failed.then(
    () => assert.fail("it began"),
    (error: unknown) => error,
  )
  assert.ok(loss instanceof Loss, `${loss}`)
  const [engine] = engines
  assert.ok(engine !== undefined)
  assert.equal(await engine.stop(context, LIMITS), "ended")
  return { loss, engine }
}

describe("a head that waits for a worker", { skip, timeout: 600_000 }, () => {
  it("which swallows packets is ended after a time of its own", {
    skip: process.platform !== "linux" && "what a full queue does is Linux's",
  }, async () => {
    using scratch = new ScratchFolder()
    await using child = new Child("perl", ["-e", DEAF])
    const port = await deafPort(child)
    assert.equal(await whyNotListening({ address: "127.0.0.1", port }, 200), "it does not answer")
    const { loss } = await startWith(scratch, port)
    assert.equal(loss.code, "start_too_long")
    assert.match(loss.message, /opened no port within 1.5 s/)
  })

  it("which takes the connection and says nothing is ended after a time of its own", async () => {
    using scratch = new ScratchFolder()
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on("error", () => {})
    })
    await new Promise<void>((up) => server.listen(0, "127.0.0.1", up))
    const { loss } = await startWith(scratch, (server.address() as { port: number }).port)
    assert.equal(loss.code, "start_too_long")
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  it("which speaks another protocol says so, as the engine itself finds out", async (t) => {
    const older = await olderLlamaCpp()
    if ("lacking" in older || older.folder === engineFolder) return t.skip("there is only one version here")
    using scratch = new ScratchFolder()
    const port = await freePort()
    const options = ["-H", "127.0.0.1", "-p", String(port), "-t", "1"]
    await using worker = new Child(join(older.folder, "ggml-rpc-server"), options)
    const at = { address: "127.0.0.1", port }
    while ((await whyNotListening(at, 1_000)) !== null) await new Promise((again) => setTimeout(again, 20))
    const { loss } = await startWith(scratch, port)
    assert.deepEqual([loss.code, loss.member], ["versions_differ", 0])
    assert.match(loss.message, /speaks (?:protocol \d+\.\d+\.\d+, the head another one|another protocol than the head)/)
    assert.ok(worker.pid > 0)
  })

  it("where nobody listens says whose it is", async () => {
    using scratch = new ScratchFolder()
    const { loss } = await startWith(scratch, 1)
    assert.deepEqual([loss.code, loss.member], ["unreachable", 0])
  })
})
