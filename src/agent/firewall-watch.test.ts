import assert from "node:assert/strict"
import { test } from "node:test"
import type { AgentMessage } from "../protocol/agent-wire.ts"
import type { AgentContext } from "./agent-context.ts"
import { FirewallWatch } from "./firewall-watch.ts"
import { type OpenListener, parseOpenListeners } from "./platform/darwin-own-listeners.ts"

test("lsof's listeners are read, but for those on loopback", () => {
  const text =
    "p501\nf3\nn*:8080\nf4\nn127.0.0.1:8081\np77\nf9\nn[::1]:9000\nf10\nn10.42.7.31:9001\nf11\nn[::]:9002\np9\nfcwd\n"
  assert.deepEqual(parseOpenListeners(text), [
    { pid: 501, port: 8080 },
    { pid: 77, port: 9001 },
    { pid: 77, port: 9002 },
  ])
  assert.deepEqual(parseOpenListeners(""), [])
})

test("each port of an attempt is told of once, when there is a link; other processes and a firewall that is off never", async () => {
  const told: AgentMessage[] = []
  let listeners: readonly OpenListener[] = [
    { pid: 10, port: 8080 },
    { pid: 99, port: 22 },
  ]
  let isOn = false
  let trees = 0
  const link = { attached: true, send: (message: AgentMessage) => told.push(message) }
  const attempts = new Map([[7, { id: "a-7", sequence: 7, live: true, phase: "running", adopted: true }]])
  const context = { attempts, link } as unknown as AgentContext
  const ways = {
    isOn: async () => isOn,
    listeners: async () => listeners,
    pidsOf: async () => {
      trees++
      return new Set([10, 11])
    },
  }
  await new FirewallWatch(context, ways).look()
  assert.equal(told.length, 0)
  isOn = true
  const watch = new FirewallWatch(context, ways)
  link.attached = false
  await watch.look()
  assert.equal(told.length, 0)
  link.attached = true
  await watch.look()
  await watch.look()
  assert.equal(told.length, 1)
  assert.ok(told[0]?.type === "notice" && told[0].sequence === 7 && /port 8080 /.test(told[0].message))
  assert.equal(trees, 2, "whose a socket is, is asked only as long as that is not settled")
  listeners = [...listeners, { pid: 11, port: 8080 }, { pid: 11, port: 8081 }]
  await watch.look()
  assert.deepEqual(
    told.map((one) => one.type === "notice" && /port (\d+)/.exec(one.message)?.[1]),
    ["8080", "8081"],
  )
  attempts.clear()
  isOn = false
  await watch.look()
  assert.equal(trees, 3)
})
