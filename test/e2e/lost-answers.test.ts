import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { createServer, request as httpRequest } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { Child } from "../support/child.ts"
import { usePool } from "../support/use-pool.ts"

const CLI_MAIN = join(import.meta.dirname, "../../src/cli/main.ts")
const pool = usePool({ local: 1 })

test("a job whose acceptance got lost on the way is sent once, and followed", async () => {
  await using proxy = await DroppingProxy.start(pool().url, 2)
  const args = ["send", "--no-folder", "--name", "ghost", "--", "echo", "here"]
  const { exitCode, stdout, stderr } = await pool().windfall(args, { env: { WINDFALL_URL: proxy.url } })
  assert.equal(exitCode, 0, stderr)
  assert.equal(stdout, "here\n")
  assert.equal(proxy.dropped, 2)
  assert.equal((await jobsNamed("ghost")).length, 1)
})

test("when no answer ever comes, the job may have been accepted: exit code 125, and how to see", async () => {
  await using proxy = await DroppingProxy.start(pool().url, Number.POSITIVE_INFINITY)
  const args = ["send", "--no-folder", "--name", "unheard", "--", "true"]
  const { exitCode, stderr } = await pool().windfall(args, { env: { WINDFALL_URL: proxy.url } })
  assert.equal(exitCode, 125)
  assert.match(stderr, /^Cannot tell whether the job was accepted: .*\n {2}It may run.*windfall ps\n$/)
  assert.equal((await jobsNamed("unheard")).length, 1)
})

test("a home in which nothing can be written changes no job's outcome", async () => {
  // In /proc, whatever is to be made, the system says that something is missing.
  for (const HOME of ["/dev/null", "/proc/windfall"]) await sendFrom({ HOME })
})

async function sendFrom(env: Readonly<Record<string, string>>): Promise<void> {
  const sent = await pool().windfall(["send", "-q", "--", "echo", "hi"], { env })
  assert.deepEqual([sent.exitCode, sent.stdout, sent.stderr], [0, "hi\n", ""])
  const left = await pool().windfall(["send", "-q", "--no-folder", "--detach", "--", "true"], { env })
  assert.equal(left.exitCode, 0, left.stderr)
  await pool().awaitJob(Number(left.stdout))
}

test("output that cannot be written here is said to be that, not the server's absence", {
  skip: !existsSync("/dev/full"),
}, async () => {
  const words = [process.execPath, CLI_MAIN, "send", "--no-folder", "--name", "full", "--", "echo", "hi"]
  await using child = new Child("/bin/sh", ["-c", 'exec "$@" >/dev/full', "sh", ...words], {
    env: { HOME: "/dev/null", WINDFALL_URL: pool().url, WINDFALL_TOKEN: pool().token },
  })
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 125)
  assert.match(stderr, /Cannot write standard output: there is no room/)
  assert.match(stderr, /Watch it again: windfall attach/)
  assert.doesNotMatch(stderr, /server/)
})

async function jobsNamed(name: string): Promise<JobView[]> {
  const { stdout } = await pool().windfall(["ps", "--all", "--json"])
  const jobs = stdout.trim().split("\n")
  return jobs.map((line) => JSON.parse(line) as JobView).filter((job) => job.spec.name === name)
}

/** Passes requests on; the answers to the first `drops` jobs posted never arrive. */
class DroppingProxy implements AsyncDisposable {
  readonly #server
  dropped = 0

  private constructor(target: string, drops: number) {
    this.#server = createServer((incoming, answer) => {
      const { method, url = "/", headers } = incoming
      const onward = httpRequest(new URL(url, target), { method, headers }, (response) => {
        if (method === "POST" && url === "/v1/jobs" && this.dropped < drops) {
          this.dropped++
          response.resume()
          response.on("end", () => incoming.socket.destroy())
          return
        }
        answer.writeHead(response.statusCode ?? 502, response.headers)
        answer.flushHeaders()
        response.pipe(answer)
      })
      onward.on("error", () => incoming.socket.destroy())
      answer.on("close", () => onward.destroy())
      incoming.pipe(onward)
    })
  }

  static async start(target: string, drops: number): Promise<DroppingProxy> {
    const proxy = new DroppingProxy(target, drops)
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }
}
