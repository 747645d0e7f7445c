import assert from "node:assert/strict"
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { assertRefused } from "../support/assert-refused.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })

test("down stops the server that was left last, then the one before, says how each starts again, and never stops another's", async () => {
  using home = new ScratchFolder()
  const free = {
    XDG_DATA_HOME: undefined,
    WINDFALL_DATA: undefined,
    WINDFALL_URL: undefined,
    WINDFALL_TOKEN: undefined,
  }
  const env = { ...free, HOME: home.path }
  const other = home.at("other lab")
  const run = async (...args: string[]) => (await pool().windfall(args, { env })).stdout
  const up = async (...args: string[]) => {
    const said = await run("up", "--detach", "--port", "0", ...args)
    return { said, url: /runs at (\S+);/.exec(said)?.[1] ?? assert.fail(said) }
  }
  try {
    const first = await up()
    assert.match(first.said, /Stop it: windfall down\n/)
    assert.match(await run("doctor"), /it has no host: no job can start/)
    assert.equal(
      await run("ps"),
      "No job of yours runs or waits. Everybody's: windfall ps -u all   Ended ones: windfall ps --all\n",
    )
    const second = await up("--data", other, "--bind", "127.0.0.1")
    assert.ok(second.said.includes(`Stop it: windfall down --data '${other}'\n`), second.said)
    const stopped = await run("down")
    assert.ok(stopped.startsWith(`The server at ${second.url} has stopped.`), stopped)
    const again = `windfall up --detach --data '${other}' --bind 127.0.0.1 --port 0\n`
    assert.ok(stopped.includes(`Start it again: ${again}`), stopped)
    assert.ok(stopped.includes(`Another one runs at ${first.url}.`), stopped)
    const gone = await pool().windfall(["ps"], { env: { ...env, WINDFALL_URL: second.url, WINDFALL_TOKEN: "x" } })
    assertRefused(gone, /nothing listens there/, new RegExp(`Start it with: ${again.trim()}   or log in`))
    const none = await pool().windfall(["down", "--data", other], { env })
    assertRefused(none, /none runs on .*other lab/, new RegExp(`logged in to ${first.url}`))
    assert.equal((await fetch(`${first.url}/v1/health`)).status, 200)
    const last = await run("down")
    assert.equal(last, `The server at ${first.url} has stopped. Start it again: windfall up --detach --port 0\n`)
    assertRefused(await pool().windfall(["down"], { env }), /none was left running here/, /down --data DIR/)
  } finally {
    await run("down", "--now")
    await run("down", "--now", "--data", other)
  }
})

test("a start that fails leaves no data folder, and an empty one empty", async () => {
  using home = new ScratchFolder()
  const port = new URL(pool().url).port
  mkdirSync(home.at("empty"))
  for (const detach of [[], ["--detach"]]) {
    for (const data of ["empty", "new/lab"]) {
      const env = { HOME: home.path }
      const refused = await pool().windfall(["up", ...detach, "--port", port, "--data", home.at(data)], { env })
      assertRefused(refused, /something listens there already/, /--port/)
    }
  }
  assert.deepEqual(readdirSync(home.at("empty")), [])
  assert.equal(existsSync(home.at("new")), false)
})

test("a start on the folder of a server that runs says so, and writes nothing into that server's log", async () => {
  using home = new ScratchFolder()
  const env = { HOME: home.path, WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined }
  const up = ["up", "--detach", "--port", "0", "--data", home.at("lab")]
  try {
    assert.equal((await pool().windfall(up, { env })).exitCode, 0)
    const log = home.at("lab/server.log")
    const before = readFileSync(log, "utf8")
    assertRefused(await pool().windfall(up, { env }), /the server with process id \d+ is using it/, /--data/)
    assert.equal(readFileSync(log, "utf8"), before)
  } finally {
    await pool().windfall(["down", "--now", "--data", home.at("lab")], { env })
  }
})
