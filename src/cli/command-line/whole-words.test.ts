import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { test } from "node:test"

const MAIN = new URL("../main.ts", import.meta.url).pathname

test("a word that is not UTF-8 is refused; the sign that stands for such bytes is not", (t) => {
  if (!existsSync("/proc/self/cmdline")) return t.skip("this system does not show a command line's bytes")
  const answer = (word: string) => {
    const { status, stderr } = spawnSync("sh", ["-c", `exec "$0" ${MAIN} help "$(printf '${word}')"`, process.execPath])
    return { status, stderr: stderr.toString() }
  }
  assert.match(answer("a\\377b").stderr, /a word of it is not UTF-8/)
  assert.equal(answer("a\\377b").status, 2)
  assert.doesNotMatch(answer("a\ufffdb").stderr, /UTF-8/)
})
