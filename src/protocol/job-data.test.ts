import assert from "node:assert/strict"
import { test } from "node:test"
import { readJobData } from "./job-data.ts"

test("readJobData() reads NAME and NAME:PATH", () => {
  const read = readJobData(["mnist", "words:sets/words/"]).map(({ name, path }) => [name, path])
  assert.deepEqual(read, [
    ["mnist", "data/mnist"],
    ["words", "sets/words"],
  ])
})

test("readJobData() refuses what is no name, leaves the folder, or lies in one another", () => {
  for (const [entries, words] of [
    [[":x"], /Cannot give the job the data ""/],
    [["a b"], /Cannot give the job the data "a b"/],
    [["a:"], /Cannot put data at ""/],
    [["a:/abs"], /it must lie in the job's folder/],
    [["a:~/x"], /it must lie in the job's folder/],
    [["a:x/../y"], /it leaves the job's folder/],
    [["a:x//y"], /without empty parts/],
    [["a:."], /without empty parts/],
    [["a:x", "b:x"], /x would lie in x/],
    [["a:x", "b:x/y"], /x\/y would lie in x/],
    [Array.from({ length: 51 }, (_, i) => `d${i}`), /50 at most/],
  ] as const) {
    assert.throws(() => readJobData(entries), { code: "invalid_input", message: words })
  }
  assert.equal(readJobData(["a:x", "b:xy"]).length, 2)
})
