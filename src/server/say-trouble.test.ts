import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Child } from "../../test/support/child.ts"

const FULL = "/dev/full"

test("a line that its log has no room for is lost, and its program is not", {
  skip: !existsSync(FULL) && `there is no ${FULL} here`,
}, async () => {
  const said = async (log: string) => {
    const program = `import { sayTrouble } from ${JSON.stringify(join(import.meta.dirname, "say-trouble.ts"))}
      for (const line of ["one", "two"]) {
        sayTrouble(line)
        await new Promise(setImmediate)
      }
      console.log("alive")`
    const line = `exec "$0" --input-type=module-typescript --disable-warning=ExperimentalWarning -e "$1" 2>${log}`
    return await new Child("sh", ["-c", line, process.execPath, program]).ended
  }
  const full = await said(FULL)
  assert.deepEqual([full.exitCode, full.stdout], [0, "alive\n"])
  assert.equal((await said("&2")).stderr, "one\ntwo\n")
})
