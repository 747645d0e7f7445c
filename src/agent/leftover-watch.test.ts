import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { type AttemptId, makeId } from "../protocol/ids.ts"
import type { Leftovers } from "../protocol/leftovers.ts"
import { LeftoverWatch } from "./leftover-watch.ts"
import { currentPlatform } from "./platform/current.ts"
import type { Platform } from "./platform/platform.ts"

const MIB = 1024 ** 2
const ATTEMPT = makeId<AttemptId>("a", new Uint8Array(16))
const PLATFORM = { ...currentPlatform(), sampleMs: 20 }

/** A watch in this process, and what it told. */
function watchIn(scratch: ScratchFolder, platform: Platform = PLATFORM) {
  const told: Leftovers[] = []
  let wake = () => {}
  const watch = new LeftoverWatch({
    path: scratch.at("leftovers"),
    ballast: scratch.at("ballast"),
    platform,
    toleranceBytes: 128 * MIB,
    onChange: (leftovers) => {
      told.push(leftovers)
      wake()
    },
  })
  const next = () => new Promise<void>((resolve) => (wake = resolve))
  return { watch, told, next }
}

async function rowsOf(...children: ChildProcess[]) {
  const pids = children.map(({ pid }) => pid)
  return (await PLATFORM.processes()).filter(({ pid }) => pids.includes(pid))
}

test("strays are told once each, survive the watch, and go one by one", async () => {
  using scratch = new ScratchFolder()
  const [one, two] = [spawn("sleep", ["300"]), spawn("sleep", ["300"])]
  await Promise.all([once(one, "spawn"), once(two, "spawn")])
  const { watch, told } = watchIn(scratch)
  const rows = await rowsOf(one, two)
  await watch.addStrays(ATTEMPT, rows, true)
  await watch.addStrays(ATTEMPT, rows, false)
  assert.deepEqual(
    watch.told.strays.map(({ pid, certain }) => [pid, certain]),
    [one, two].map(({ pid }) => [pid, true]),
  )
  watch.stop()
  assert.equal(told.at(-1)?.strays.length, 2)
  const after = watchIn(scratch)
  assert.deepEqual(after.watch.told, watch.told)
  let changed = after.next()
  one.kill("SIGKILL")
  await changed
  assert.deepEqual(
    after.watch.told.strays.map(({ pid }) => pid),
    [two.pid],
  )
  changed = after.next()
  two.kill("SIGKILL")
  await changed
  assert.deepEqual(after.watch.told.strays, [])
})

test("memory that does not come back is told once it is sure, survives the watch, and comes back", async () => {
  using scratch = new ScratchFolder()
  let unaccountedBytes = 100 * MIB
  const platform = { ...PLATFORM, unaccountedBytes: async () => unaccountedBytes }
  const { watch, told } = watchIn(scratch, platform)
  await watch.lookAtMemory(true)
  watch.memory.ended(512 * MIB)
  unaccountedBytes = 600 * MIB
  await watch.lookAtMemory(false)
  assert.deepEqual(told, [], "it may be on its way back")
  await watch.lookAtMemory(false)
  assert.deepEqual(told, [{ strays: [], missingBytes: 500 * MIB }])
  const next = watchIn(scratch, platform)
  assert.deepEqual(next.watch.told, watch.told)
  unaccountedBytes = 110 * MIB
  await next.watch.lookAtMemory(false)
  assert.deepEqual(next.told, [{ strays: [], missingBytes: 0 }])
  assert.equal(watchIn(scratch, platform).watch.told.missingBytes, 0)
})
