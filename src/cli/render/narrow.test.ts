/** Many hosts with names of all kinds, in terminals that are narrow. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { NOW, queueJob, shownPool } from "../../../test/support/shown-hosts.ts"
import { hostLines } from "./host-lines.ts"
import { printable, shortName, textWidth } from "./table.ts"
import { topLines } from "./top-text.ts"

const NAMES = ["mac", "studio-of-the-machine-learning-lab", "アトリエ", "büro-mac", "工作站-3號", "mini\u202e\u001b[2J"]
const { hosts: some } = shownPool()
const hosts = Array.from({ length: 50 }, (_, at) => ({
  ...some[at % some.length]!,
  id: `h${at}` as (typeof some)[number]["id"],
  name: `${NAMES[at % NAMES.length]}-${at + 1}`,
}))
const running = hosts.slice(0, 12).map(({ id }, at) => queueJob(400 + at, { hostId: id, name: "training-run-日本語" }))

for (const width of [40, 60, 80]) {
  test(`fifty hosts in ${width} columns: each line has its host, its word and who is there`, () => {
    const [titles = "", ...rows] = hostLines(hosts, { now: NOW, width, color: false, running })
    assert.match(titles, /^HOST +NOW +WHO/)
    assert.equal(rows.length, 50)
    for (const [at, row] of rows.entries()) {
      assert.ok(textWidth(row) <= width, row)
      // The end of a name is what tells it from its kin.
      assert.match(row, new RegExp(`-${at + 1} +(free|busy|owner|down) +(here|away \\d+ \\w+|-)`))
    }
    const top = topLines(
      { at: NOW, hosts, queue: { running, waiting: 0, next: [] } },
      { now: NOW, width, color: true, trouble: null },
    )
    for (const line of top) {
      // Colours are all that may steer the terminal.
      const plain = line.replaceAll(/\x1b\[\d+m/g, "")
      assert.ok(textWidth(plain) <= width, plain)
      assert.equal(printable(plain), plain)
    }
    assert.match(top.join("\n"), /12 jobs run, 0 wait {3}\d\d:\d\d:\d\d/)
  })
}

test("a name that is shortened keeps its beginning and its end, within its columns", () => {
  assert.equal(shortName("studio-of-the-machine-learning-lab-12", 16), "studio-o…-lab-12")
  assert.equal(shortName("mac-3", 16), "mac-3")
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 30 }), (name, width) => {
      const short = shortName(name, width)
      assert.ok(textWidth(short) <= width)
      if (textWidth(printable(name)) <= width) assert.equal(short, printable(name))
      else assert.ok(short.includes("…"))
    }),
  )
})
