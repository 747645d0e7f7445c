import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { createServer, request as httpRequest } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { Child, type Ended } from "../support/child.ts"
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

/** Where nothing can be written. In /proc a folder above is missing to the system, however much is made. */
const HOMES = ["/dev/null", ...(existsSync("/proc/1") ? ["/proc/1"] : [])]

test("a home in which nothing can be written changes no job's outcome", async () => {
  for (const HOME of HOMES) {
    const env = { HOME }
    const sent = await pool().windfall(["send", "-q", "--", "echo", "hi"], { env })
    assert.deepEqual([sent.exitCode, sent.stdout, sent.stderr], [0, "hi\n", ""])
    const left = await pool().windfall(["send", "-q", "--no-folder", "--detach", "--", "true"], { env })
    assert.equal(left.exitCode, 0, left.stderr)
    await pool().awaitJob(Number(left.stdout))
  }
})

test("a login that cannot be kept names the place and what to do", async () => {
  for (const HOME of HOMES) {
    const why = HOME === "/dev/null" ? /\/dev\/null is no folder/ : /no folder can be made in \/proc\/1/
    const env = { HOME, WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined }
    const refused = await pool().windfall(["login", pool().url], { env, input: `${pool().token}\n` })
    assertRefused(refused, why, /WINDFALL_URL and WINDFALL_TOKEN/)
    assert.match(refused.stderr, new RegExp(`^Cannot keep the login in ${HOME}/.config/windfall/login.json: `))
    assert.equal(refused.stderr.includes(pool().token), false)
  }
})

test("output that cannot be written here is said to be that, not the server's absence", {
  skip: !existsSync("/dev/full"),
}, async () => {
  const { exitCode, stderr } = await sendThrough(">/dev/full", ["echo", "hi"])
  assert.equal(exitCode, 125)
  assert.match(stderr, /Cannot write standard output: there is no room/)
  assert.match(stderr, /Watch it again: windfall attach/)
  assert.doesNotMatch(stderr, /server/)
})

test("words that cannot be written here change no verdict; a job's standard error that cannot is no success", {
  skip: !existsSync("/dev/full"),
}, async () => {
  assert.equal((await sendThrough("2>/dev/full", ["true"])).exitCode, 0)
  const failed = await sendThrough("2>/dev/full", ["sh", "-c", "echo hi; exit 4"])
  assert.deepEqual([failed.exitCode, failed.stdout], [4, "hi\n"])
  assert.equal((await sendThrough("2>/dev/full", ["sh", "-c", "echo hi >&2"])).exitCode, 125)
})

async function sendThrough(redirection: string, command: readonly string[]): Promise<Ended> {
  const words = [process.execPath, CLI_MAIN, "send", "--no-folder", "--", ...command]
  await using child = new Child("/bin/sh", ["-c", `exec "$@" ${redirection}`, "sh", ...words], {
    env: { HOME: "/dev/null", WINDFALL_URL: pool().url, WINDFALL_TOKEN: pool().token },
  })
  return await child.ended
}

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
