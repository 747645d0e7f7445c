import assert from "node:assert/strict"
import { test } from "node:test"
import { MACS } from "../lab/lab.ts"
import { STUDIO } from "../support/shown-hosts.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({
  hosts: [
    { kind: "mac", name: "mac-1" },
    { kind: "mac", name: "mac-2", mac: MACS.air },
  ],
  server: { labMacs: true },
})
const GIB = 1024 ** 3

test("what each Mac is, is known in full as soon as it has joined, and said in one line", async () => {
  const { facts } = await pool().host("mac-1")
  assert.deepEqual(facts?.mac, {
    ...STUDIO,
    cores: [
      { kind: "Performance", count: 20 },
      { kind: "Efficiency", count: 8 },
    ],
    gpuCores: 60,
    memoryBytes: 96 * GIB,
    fp32Tflops: 21.2,
  })
  await pool().untilHost("mac-1", ({ vitals }) => vitals !== null)
  await pool().untilHost("mac-2", ({ vitals }) => vitals !== null)
  const { stdout } = await pool().windfall(["host", "ls"])
  assert.match(stdout, /^mac-1 +[a-z]+ .* Mac Studio 2025, M3 Ultra, 60 GPU cores, 96 GB +mains +ok /m)
  assert.match(stdout, /^mac-2 +[a-z]+ .* MacBook Air 2020, M1, 8 GPU cores, 16 GB +mains +ok /m)
})

test("how a Mac is, is seen: GPU in use, heat, battery, memory; and what cannot be asked is unknown with the reason", async () => {
  const [studio, air] = pool().hosts
  studio?.mac.gpuBusy(97, 40 * GIB)
  studio?.mac.thermal("heavy")
  studio?.mac.link("thunderbolt", "Mac16,9")
  studio?.mac.memory({ freeBytes: 20 * GIB, pressure: 2 })
  air?.mac.power("battery", 64)
  air?.mac.fails("ioreg", { exitCode: 1, text: "ioreg: error: can't obtain properties\n" })
  // At a new contact everything is told anew.
  await pool().server.restart()
  const { vitals } = await pool().untilHost(
    "mac-1",
    ({ vitals: told, network }) => told !== null && network?.peers.length === 1,
  )
  assert.deepEqual([vitals?.gpuBusyPercent, vitals?.gpuMemoryBytes, vitals?.heat], [97, 40 * GIB, "heavy"])
  assert.equal(vitals?.memoryPressure, "warning")
  const free = vitals?.memoryAvailableBytes ?? 0
  assert.ok(free > GIB && free <= 21 * GIB, `${free} bytes available`)
  await pool().untilHost("mac-2", (host) => host.vitals !== null)
  const { stdout } = await pool().windfall(["host", "ls"])
  // An eighth of its 96 GB stays its owner's.
  assert.match(stdout, /^mac-1 .* (?:7\.\d|8(?:\.\d)?) GB +97% .* hot +10 GbE, Thunderbolt to Mac Studio 2025 /m)
  assert.match(stdout, /^mac-2 .* - +MacBook Air 2020, M1, 16 GB +battery 64% /m)
  const page = (await pool().windfall(["host", "show", "mac-2"])).stdout
  assert.match(page, /^GPU cores +unknown \(garbage\): \/usr\/sbin\/ioreg failed with exit code 1$/m)
  assert.match(page, /^chip +Apple M1$/m, "nothing else is lost with it")
  assert.match(page, /^GPU in use +unknown$/m)
})

test("a Mac whose owner is back is no free one: in a word, with who is there, and for scripts", async () => {
  const [studio, air] = pool().hosts
  air?.mac.power("ac", 100)
  studio?.mac.owner("returns")
  await pool().untilHost("mac-1", ({ presence, obstacles }) => presence?.state === "here" && obstacles.length > 0)
  const { stdout } = await pool().windfall(["host", "ls"])
  assert.match(stdout, /^mac-1 +owner +here .* somebody is at it/m)
  const free = (await pool().windfall(["host", "ls", "--free", "--json"])).stdout.split("\n").filter(Boolean)
  assert.equal(
    free.some((line) => JSON.parse(line).name === "mac-1"),
    false,
  )
  assert.match((await pool().windfall(["top", "--once"])).stdout, /\b\d owner\b/)
})
