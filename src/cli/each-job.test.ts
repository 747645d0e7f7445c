import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../test/support/test-server.ts"

test("what is asked of some tasks of an array is told of these, and not of the array", async () => {
  await using server = await TestServer.start()
  const { id } = await server.submit({ name: "sweep", array: "1-9" })
  const run = async (...words: string[]) => {
    const { stdout, stderr, exitCode } = await server.windfall(words)
    assert.equal(exitCode, 0, stderr)
    return stdout
  }
  assert.equal(await run("nice", `${id}_[7-8]`, "50"), `tasks ${id}_[7-8] of job ${id} (sweep): nice 50\n`)
  assert.equal(
    await run("nice", `${id}_[7-8]`, "--priority", "7"),
    `tasks ${id}_[7-8] of job ${id} (sweep): priority 7 by hand\n`,
  )
  assert.match(await run("nice", `${id}_8`, "60"), new RegExp(`^job ${id}_8 .*: nice 60, priority 7 by hand\n$`))
  assert.equal(await run("time", `${id}_[7-8]`, "2h"), `tasks ${id}_[7-8] of job ${id} (sweep): time limit 2h 00m\n`)
  assert.match(
    await run("hold", `${id}_[1-2]`),
    new RegExp(`^tasks ${id}_\\[1-2\\]: held as far as they wait; job ${id} `),
  )
  assert.match(await run("release", `${id}_[1-2]`), new RegExp(`^tasks ${id}_\\[1-2\\]: released; job ${id} `))
  assert.equal(await run("nice", `${id}`, "5"), `job ${id} (sweep): nice 5\n`)
})
