import assert from "node:assert/strict"
import { rmSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { WindfallError } from "../protocol/errors.ts"
import { makeId, type RunId, type ServerId } from "../protocol/ids.ts"
import { Holder } from "./holder.ts"

const server = makeId<ServerId>("s", new Uint8Array(16))
const HERE = "1".repeat(32)
const ELSEWHERE = "2".repeat(32)

/** A host's folder, its clock, and runs of one server that come to it. */
class Bench implements Disposable {
  readonly scratch = new ScratchFolder()
  nowMs = 1_000_000
  bootId = "boot-1"
  #runs = 0

  holder(place: string, run = makeId<RunId>("r", new Uint8Array(16).fill(++this.#runs))): Holder {
    return new Holder({
      folder: { holder: this.scratch.at("holder"), contact: this.scratch.at("contact") },
      server,
      instance: { run, place, where: place === HERE ? "here:/data" : "elsewhere:/data", proof: "f".repeat(64) },
      clock: { now: () => this.nowMs, sleepCountingMs: () => this.nowMs },
      bootId: this.bootId,
    })
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]()
  }
}

function refusal(holder: Holder): WindfallError {
  try {
    holder.check()
  } catch (error) {
    if (error instanceof WindfallError) return error
    throw error
  }
  assert.fail("it was let in")
}

test("the next start at the same place is let in at once, and the one before never comes back", () => {
  using bench = new Bench()
  const first = bench.holder(HERE)
  first.take()
  const second = bench.holder(HERE)
  second.take()
  const error = refusal(first)
  assert.equal(error.code, "server_doubled")
  assert.equal(error.details?.seen, null)
  second.check()
})

test("a copy is kept off while the other is heard of, and can see that it is", () => {
  using bench = new Bench()
  bench.holder(HERE).take()
  const copy = bench.holder(ELSEWHERE)
  const error = refusal(copy)
  assert.equal(error.code, "server_doubled")
  assert.match(error.message, /has it from here:\/data since 1970-01-01T00:16:40/)
  assert.equal(refusal(copy).details?.seen, error.details?.seen)
  bench.nowMs += 20_000
  bench.holder(HERE).take()
  assert.notEqual(refusal(copy).details?.seen, error.details?.seen)
  assert.throws(() => copy.take(), { code: "server_doubled" })
  assert.equal(refusal(copy).details?.since, 1_000_000, "the first place has had it since its first start")
})

test("a copy is let in when the other has been silent, has said goodbye, or the host was started anew", () => {
  for (const end of ["silent", "goodbye", "restart"] as const) {
    using bench = new Bench()
    const first = bench.holder(HERE)
    first.take()
    refusal(bench.holder(ELSEWHERE))
    if (end === "silent") bench.nowMs += 30_000
    if (end === "goodbye") first.letGo()
    if (end === "restart") bench.bootId = "boot-2"
    bench.holder(ELSEWHERE).take()
    assert.equal(refusal(first).details?.seen, null, "what a copy has followed is told so for good")
    assert.match(refusal(bench.holder(HERE)).message, /elsewhere:\/data/)
  }
})

test("one that came only to look leaves no trace when it goes", () => {
  using bench = new Bench()
  bench.holder(HERE).take()
  const joining = bench.holder(HERE)
  joining.check()
  joining.letGo()
  refusal(bench.holder(ELSEWHERE))
})

test("notes that cannot be read hold nobody off", () => {
  using bench = new Bench()
  bench.holder(HERE).take()
  writeFileSync(bench.scratch.at("contact"), "garbage")
  bench.holder(ELSEWHERE).check()
  rmSync(bench.scratch.at("contact"))
  writeFileSync(bench.scratch.at("holder"), '{"run":')
  bench.holder(ELSEWHERE).take()
})
