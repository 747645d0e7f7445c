import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { assertRefused } from "../../../test/support/assert-refused.ts"
import { Child } from "../../../test/support/child.ts"
import { learnedWeek } from "../../../test/support/office-week.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { TestServer } from "../../../test/support/test-server.ts"

test("windfall mac week shows an owner what was learned, forgets it, and turns it off and on", async () => {
  await using server = await TestServer.start()
  using scratch = new ScratchFolder()
  const token = await server.userToken("ann")
  const { id } = await server.hosts.join("alpha", { timeZone: "Europe/Berlin" }, { owner: "ann" })
  const week = learnedWeek([0, 1, 2, 3, 4], 9, 18, Date.now())
  server.running.core.store.learnedWeeks.put({ host: id, learns: true, week })
  server.running.core.weeks.reload()
  const run = async (...words: string[]) => {
    await using child = new Child(
      process.execPath,
      [join(import.meta.dirname, "../main.ts"), "mac", "week", ...words],
      {
        cwd: scratch.path,
        env: { HOME: scratch.path, WINDFALL_URL: server.running.url, WINDFALL_TOKEN: token },
      },
    )
    return await child.ended
  }
  const shown = await run()
  assert.match(
    shown.stdout,
    /^alpha: somebody is usually there weekdays 9:00 to 18:00, by the clock of Europe\/Berlin /,
  )
  assert.match((await run("--on")).stdout, /weekdays 9:00 to 18:00/)
  assert.match((await run("--forget")).stdout, /^alpha: nobody is usually there, as far as is known/)
  assert.match((await run("--off")).stdout, /its week is not learned/)
  assert.match((await run("--on")).stdout, /nobody is usually there/)
  assertRefused(await run("--on", "--off"), /Cannot do more than one of --forget, --off and --on at once/)
})
