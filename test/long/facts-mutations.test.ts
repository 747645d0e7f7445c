import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
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
