import assert from "node:assert/strict"
import { chmodSync, mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { makeServerId } from "../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { reopening } from "./own-file.ts"

test("what a job has closed is opened from Windfall's own folder down, and nothing above that", () => {
  using scratch = new ScratchFolder()
  const home = scratch.at("home")
  const root = join(home, ".windfall")
  const server = join(root, "servers", makeServerId())
  const attempt = join(server, "attempts", "7")
  mkdirSync(attempt, { recursive: true })
  // Not closed altogether, as this test looks below them.
  const closed = [home, root, server, attempt]
  for (const folder of closed) chmodSync(folder, 0o500)
  try {
    let tries = 0
    reopening(join(attempt, "stdout"), () => {
      // As the system says it; whoever runs this test as root is never told so.
      if (tries++ === 0) throw Object.assign(new Error("closed"), { code: "EACCES" })
    })
    assert.deepEqual(
      closed.map((folder) => statSync(folder).mode & 0o777),
      [0o500, 0o700, 0o700, 0o700],
    )
  } finally {
    chmodSync(home, 0o700)
  }
})
