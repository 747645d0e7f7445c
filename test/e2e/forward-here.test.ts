import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:net"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })

const listening = (port: number) => [
  "sh",
  "-c",
  `exec "$WINDFALL_NODE" -e 'require("node:http").createServer((_, r) => r.end("from the job")).listen(${port}, "127.0.0.1")'`,
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

test("a job on this very machine keeps its port; one that is never opened is told meanwhile and at the end", async () => {
  const [own, never] = [await freePort(), await freePort()]
  const ports = ["--forward", String(own), "--forward", `${never}:0`]
  await using child = pool().start(["send", "--no-folder", ...ports, "--", ...listening(own)])
  const here = new RegExp(`http://127.0.0.1:${own} is port ${own} of job (\\d+) itself: it runs on this machine`)
  await child.says(here, "stderr")
  const id = here.exec(child.stderr)?.[1] ?? ""
  assert.equal(await (await fetch(`http://127.0.0.1:${own}/`)).text(), "from the job")
  await using forward = pool().start(["forward", id, String(own), "--json"])
  await forward.says(`{"type":"open","port":${own},"local":${own},"url":"http://127.0.0.1:${own}","here":true}`)
  await child.says(new RegExp(`waiting for port ${never} of job ${id}: nothing listens there yet`), "stderr")
  await pool().windfall(["stop", id])
  const { stderr } = await child.ended
  assert.match(stderr, new RegExp(`port ${never} was never open: nothing of the job has listened there\\n`))
  assert.doesNotMatch(stderr, new RegExp(`port ${own} was never open`))
})

test("a port that is taken here is refused before anything is sent, though the job may run here", async () => {
  const taken = createServer().listen(0, "127.0.0.1")
  await once(taken, "listening")
  const { port } = taken.address() as { port: number }
  const { exitCode, stderr } = await pool().windfall(["send", "--no-folder", "--forward", String(port), "--", "true"])
  taken.close()
  assert.equal(exitCode, 2)
  assert.match(stderr, /something listens there already/)
})
