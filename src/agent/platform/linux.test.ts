import { rmSync, statfsSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { linuxPlatform } from "./linux.ts"

const MIB = 1024 ** 2
const isLinux = process.platform === "linux"

test("memory no process accounts for grows with a file in memory", {
  skip: isLinux && room("/dev/shm") > 600 * MIB ? false : "no room for files in memory here",
}, async () => {
  const file = `/dev/shm/windfall-test-${process.pid}`
  const platform = linuxPlatform()
  const before = await platform.unaccountedBytes()
  try {
    writeFileSync(file, Buffer.alloc(512 * MIB, 1))
    // Whatever else this machine does takes memory and gives it back meanwhile.
    while ((await platform.unaccountedBytes()) - before < 256 * MIB) await delay(50)
  } finally {
    rmSync(file, { force: true })
  }
})

function room(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
