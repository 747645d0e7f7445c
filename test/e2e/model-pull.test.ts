import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import type { PullView } from "../../src/protocol/pull-api.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { asGguf } from "../support/hub-models.ts"
import { HubServer, sha256Of } from "../support/hub-server.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

/** More than one chunk. */
const WEIGHTS = asGguf(Buffer.concat([randomBytes(64 * 1024 ** 2), randomBytes(3_000_000)]))

test("a model comes from a hub over a kill of the server, and lies on a host that a job of it runs on", async () => {
  await using hub = await HubServer.start()
  hub.add("lab/tiny-GGUF", { "tiny-Q8_0.gguf": WEIGHTS, "tiny-Q4_K_M.gguf": "small" })
  hub.token = "hf_secret"
  const env = { HF_ENDPOINT: hub.url }
  const pull = (...words: string[]) => pool().windfall(["model", "pull", ...words], { env })
  assertRefused(await pull("lab/tiny-GGUF:Q8_0"), /does not let us/, /secret set HF_TOKEN/)
  // The usual secret is not shown to a hub that nobody has named as the lab's.
  await pool().windfall(["secret", "set", "HUB"], { input: "hf_secret\n" })
  const secret = ["--token-secret", "HUB"]
  assertRefused(await pull("lab/tiny-GGUF:Q8", ...secret), /it has no such model/, /Did you mean Q8_0/)

  // After whether there are ranges it is asked for four of them, and all four stall.
  const stallAfter = 10_000_000
  hub.fault = ({ origin }, times) => (origin === "store" && times > 0 && times < 5 ? { stallAfter } : null)
  const watching = pool().start(["model", "pull", "lab/tiny-GGUF:Q8_0", "tiny", ...secret], { env })
  const coming = async () => (await pool().api<{ pulls: PullView[] }>("GET", "/v1/pulls")).pulls[0]
  for (let one = await coming(); (one?.doneBytes ?? 0) < 4 * stallAfter; one = await coming())
    await new Promise((resolve) => setTimeout(resolve, 50))
  assert.match((await pool().windfall(["data", "ls"])).stdout, /tiny from lab\/tiny-GGUF: coming \[#+-*\] \d+ % of/)
  await pool().server.kill9()
  await pool().server.restart()
  const { exitCode, stdout, stderr } = await watching.ended
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /tiny version 1 is in the lab \(1 file, .*fetched\)/)
  const startsAt = hub.fetched.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1]))
  const sorted = (starts: readonly number[]) => starts.toSorted((a, b) => a - b)
  const isQuestion = (start: number) => start === WEIGHTS.length - 1
  const [before, after] = [
    sorted(startsAt.slice(1, 5)),
    sorted(startsAt.slice(5).filter((start) => !isQuestion(start))),
  ]
  assert.deepEqual([before.length, after], [4, before.map((start) => start + stallAfter)])
  assert.ok(hub.asked.every(({ origin, token }) => origin === "hub" || token === null))

  const again = await pull("lab/tiny-GGUF:Q8_0", "tiny", ...secret)
  assert.match(again.stdout, /tiny version 1 is in the lab .*all of it was here already/)
  assert.equal(hub.fetched.length, 10)
  const job = ["send", "-q", "--data", "tiny", "--", "sha256sum", "data/tiny/tiny-Q8_0.gguf"]
  assert.match((await pool().windfall(job)).stdout, new RegExp(`^${sha256Of(WEIGHTS)} `))
})
