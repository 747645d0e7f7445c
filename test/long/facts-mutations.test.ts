import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { countAbove } from "../support/count-memory-above.ts"
import { countWrong } from "../support/count-wrong-facts.ts"

const FOLDER = join(import.meta.dirname, "../../../shared/recordings/macos")
const skip = existsSync(FOLDER) ? false : `there are no recordings of Macs in ${FOLDER}`

test("10,000 damaged recordings give no wrong fact", { skip, timeout: 240_000 }, () => {
  const recordings = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => ({ hint: file, text: readFileSync(join(FOLDER, file), "utf8") }))
  const { wrong } = countWrong(recordings, { count: 10_000, seed: 5 })
  assert.deepEqual(wrong, [])
})

/** By the names of the recordings: all memory of the Macs they were taken on. */
const MEMORY_GIB = { "intel-4096-facter": 32, "m1pro-macos14.4.1": 32, "m4-16g": 16, "macmini-32g": 32 }

test("10,000 damaged outputs of vm_stat each never come to more than the Mac has", { skip, timeout: 240_000 }, () => {
  for (const [name, gib] of Object.entries(MEMORY_GIB)) {
    const text = readFileSync(join(FOLDER, `vm_stat__${name}.txt`), "utf8")
    assert.deepEqual(countAbove(text, gib * 1024 ** 3, { count: 10_000, seed: 5 }), [], name)
  }
})
