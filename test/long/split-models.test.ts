/** A model that no Mac holds alone: split over two, with just the memory each needs; whoever comes back to one of them has all of it leave. */
import assert from "node:assert/strict"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { MACS } from "../lab/mac/models.ts"
import { eventually } from "../support/agent-home.ts"
import { largeCache, wholeFile } from "../support/hive-models.ts"
import { putStandInEngine, STAND_IN } from "../support/stand-in-engine.ts"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const MODEL_LIMITS = { restMs: 50, planAgainMs: 500, probeAgainMs: 100 }
const pool = usePool({
  hosts: [
    { kind: "mac", mac: MACS.air },
    { kind: "mac", mac: MACS.air },
    { kind: "mac", mac: MACS.air },
  ],
  server: { timing: TIMING, modelLimits: MODEL_LIMITS, labMacs: true },
})

const model = () => pool().api<ModelView>("GET", "/v1/hives/large")
const engines = () =>
  pool()
    .hosts.flatMap((host) => host.processes())
    .filter(({ command }) => command.includes(STAND_IN))

test("a split model answers from two Macs, moves away from an owner, and ends whole", async () => {
  for (const host of pool().hosts) {
    putStandInEngine(host)
    host.mac.owner("leaves", { idleMs: 3_600_000 })
    await pool().api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules: { start_after_idle: "1s" } })
    await pool().untilHost(host.name, ({ presence }) => presence?.state === "away")
  }
  const project = join(pool().scratch.at("home"), "project")
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, "large.gguf"), wholeFile(largeCache()))
  const line = ["model", "serve", "large", "large.gguf", "--slots", "1", "--context", "110k"]
  // Where macOS would ask whether its engine may be reached, also an accepted network is none.
  for (const host of pool().hosts) host.mac.firewall(true)
  const served = await pool().windfall([...line, "--trust-network"])
  assert.equal(served.exitCode, 0, served.stderr)
  const before = await model()
  const members = before.replicas[0]?.plan?.members ?? []
  assert.deepEqual([members.length, before.replicas[0]?.plan?.over], [2, { kind: "tunnel" }])
  const told = await pool().windfall(["events"])
  assert.match(told.stdout, /macOS would ask on its screen whether .* may be reached.*socketfilterfw --add/)
  assert.equal(engines().length >= 2, true)
  const job = await pool().job(before.replicas[0]!.job!)
  assert.deepEqual(
    job.attempts.map(({ hostName }) => hostName),
    members.map(({ hostName }) => hostName),
  )

  const left = pool().hosts.find(({ name }) => name === members[1]?.hostName)!
  left.mac.owner("works", { user: "lena" })
  await eventually(async () => {
    const { state, replicas } = await model()
    const names = replicas[0]?.plan?.members.map(({ hostName }) => hostName) ?? []
    return state === "ready" && !names.includes(left.name)
  }, "ready elsewhere")
  const stopped = await pool().windfall(["model", "stop", "large"])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  assert.deepEqual(engines(), [])

  // Without a net of their own, lab hosts have loopback alone.
  const net = left.address.startsWith("127.") ? null : left.address.replace(/\d+$/, "0/24")
  if (net === null) return
  left.mac.owner("leaves", { idleMs: 3_600_000 })
  for (const host of pool().hosts) host.mac.firewall(true, false, true)
  const wide = await pool().windfall(["fleet", "set", "--hive-network", "trusted", "0.0.0.0/0"])
  assert.equal(wide.exitCode, 2)
  assert.match(wide.stderr, /too wide/)
  const trusted = await pool().windfall(["fleet", "set", "--hive-network", "trusted", net])
  assert.match(trusted.stdout, new RegExp(`hive network +trusted ${net.replaceAll(".", "[.]")}`), trusted.stderr)
  const again = await pool().windfall(["model", "serve", "large"])
  assert.equal(again.exitCode, 0, again.stderr)
  const { replicas } = await model()
  assert.deepEqual(replicas[0]?.plan?.over, { kind: "trusted", nets: [net] })
  const bound = engines().filter(({ command }) => / worker .*-H /.test(command))
  assert.ok(
    bound.some(({ command }) => command.includes(net.replace("0/24", ""))),
    JSON.stringify(bound),
  )
  const over = await pool().windfall(["model", "stop", "large"])
  assert.equal(over.exitCode, 0, over.stderr)
  assert.deepEqual(engines(), [])
})
