import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome } from "../../test/support/agent-home.ts"
import type { MemberPlace } from "../protocol/gang-wire.ts"
import { goFile } from "./member-variables.ts"
import { netOf } from "./own-addresses.ts"

const ROSTER: readonly MemberPlace[] = [
  { host: "mac-1", address: "10.0.0.1", interface: "en0", ports: [4001, 5001] },
  { host: "o'mac", address: "10.0.0.2", interface: "en7", ports: [4002, 5002] },
]
const PRINTED = ["RANK", "WINDFALL_RANK", "WORLD_SIZE", "WINDFALL_NODE_COUNT", "WINDFALL_NODE_NAMES", "WINDFALL_PEERS"]
const SAID = [...PRINTED, "MASTER_ADDR", "MASTER_PORT", "WINDFALL_ADDRESS", "WINDFALL_PEER_PORTS", "GLOO_SOCKET_IFNAME"]
const COMMAND = [
  "sh",
  "-c",
  `echo ${SAID.map((name) => `"$${name}"`).join("/")}; cat "$MLX_HOSTFILE"; echo "$0 $1"`,
  "a b",
  "c",
]

test("a member waits at the gate, also past the end of its agent, and its command finds rank and peers when it is let go", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const order = first.startAttempt(1, COMMAND, { member: { rank: 1, size: 2 }, env: { MASTER_ADDR: "elsewhere" } })
  const news = await first.next("at-gate", 1)
  assert.ok(news.ports[0] !== news.ports[1] && news.addresses.every(({ net }) => /^[\d.]+\/\d+$/.test(net)))
  await first.kill()
  const second = await home.start()
  second.adoptAll()
  await second.next("at-gate", 1)
  assert.equal(existsSync(home.attempt(1, "go")), false)
  second.send({ type: "go", attempt: order.attempt, sequence: 1, roster: ROSTER })
  second.send({ type: "go", attempt: order.attempt, sequence: 1, roster: ROSTER })
  const { exited } = await second.ended(1)
  assert.equal(exited.exit.exitCode, 0)
  const [line, hosts, rest] = second.text(1).split("\n")
  assert.equal(line, "1/1/2/2/mac-1 o'mac/10.0.0.1 10.0.0.2/elsewhere/4001/10.0.0.2/4001 4002/en7")
  assert.deepEqual([JSON.parse(hosts!), rest], [[["10.0.0.1:5001"], ["10.0.0.2:5002"]], "a b c"])
  // What it waited for the others is not what it ran.
  const went = Number(/^# (\d+) /.exec(readFileSync(home.attempt(1, "go"), "utf8"))?.[1])
  assert.equal(exited.exit.startedAt, went)
})

test("a member that is stopped at the gate never ran its command", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, ["touch", "ran"], { member: { rank: 0, size: 2 } })
  await agent.next("at-gate", 1)
  agent.send({
    type: "stop",
    attempt: order.attempt,
    sequence: 1,
    cause: "member_ended",
    signal: "SIGTERM",
    graceMs: 0,
  })
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.startedAt], ["member_ended", null])
  assert.equal(existsSync(home.attempt(1, "work/ran")), false)
})

test("at the gate the end is asked for in a way that its shell knows, whatever the job's own signal is, and nobody is let go any more", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, ["touch", "ran"], { member: { rank: 1, size: 2 }, stopSignal: "SIGURG" })
  await agent.next("at-gate", 1)
  const name = { attempt: order.attempt, sequence: 1 }
  // Longer than this test may take: it does not end by the end of its grace.
  agent.send({ type: "stop", ...name, cause: "member_ended", signal: "SIGURG", graceMs: 600_000 })
  agent.send({ type: "go", ...name, roster: ROSTER })
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.startedAt], ["member_ended", null])
  assert.equal(existsSync(home.attempt(1, "work/ran")), false)
})

test("a roster without the rank is no way through the gate", () => {
  assert.throws(() => goFile({ at: 1, uptimeMs: 1 }, 2, ROSTER, "/x"), /rank 2 is not among 2/)
})

test("netOf() is the net that an address is in", () => {
  assert.deepEqual(["10.1.2.3/24", "10.1.2.3/20", "169.254.7.9/16", "1.2.3.4/32"].map(netOf), [
    "10.1.2.0/24",
    "10.1.0.0/20",
    "169.254.0.0/16",
    "1.2.3.4/32",
  ])
})
