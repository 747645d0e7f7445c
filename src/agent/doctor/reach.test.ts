import assert from "node:assert/strict"
import { createServer } from "node:net"
import { join } from "node:path"
import { test } from "node:test"
import { isNear, tryReach } from "./reach.ts"
import { tryAddresses } from "./reach-program.ts"
import { runProbe } from "./run-probe.ts"

const none = new AbortController().signal

test("only other machines in a network of this one are tried", async () => {
  const at = (address: string, netmask: string, internal = false) =>
    ({ address, netmask, family: "IPv4", mac: "", internal, cidr: null }) as const
  const interfaces = { en0: [at("10.42.7.31", "255.255.255.0")], lo0: [at("127.0.0.1", "255.0.0.0", true)] }
  assert.ok(isNear("10.42.7.5", interfaces))
  for (const other of ["10.42.7.31", "10.42.8.5", "127.0.0.2", "8.8.8.8", "fe80::5", "mac", ""]) {
    assert.ok(!isNear(other, interfaces), other)
  }
  const { stdout } = await tryReach([process.execPath, "nothing"], ["8.8.8.8", "127.0.0.1"], none)
  assert.equal(stdout, '{"tries":[]}\n')
})

test("a connection and a refusal both show that packets get there", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as { port: number }
  assert.deepEqual(await tryAddresses(["127.0.0.1"], port), { "127.0.0.1": "connected" })
  await new Promise((resolve) => server.close(resolve))
  assert.deepEqual(await tryAddresses(["127.0.0.1"], port), { "127.0.0.1": "refused" })
})

test("a probe that hangs is ended with its group, one that floods is cut, one that is not there is missing", async () => {
  const run = (command: readonly [string, ...string[]], timeoutMs = 20_000) =>
    runProbe({ probe: "p", command, timeoutMs }, none)
  const hung = await run(["/bin/sh", "-c", "echo begun; sleep 60 & wait"], 300)
  assert.deepEqual([hung.outcome, hung.exitCode, hung.stdout], ["timed_out", null, "begun\n"])
  const flood = await run(["/usr/bin/perl", "-e", 'print "x" x 1024 for 1 .. 3000'])
  assert.deepEqual([flood.isCut, flood.stdout.length, flood.outcome], [true, 1024 * 1024, "ended"])
  assert.equal((await run(["/nowhere/command"])).outcome, "missing")
  const failed = await run(["/bin/sh", "-c", "echo no >&2; exit 3"])
  assert.deepEqual([failed.outcome, failed.exitCode, failed.stderr], ["ended", 3, "no\n"])
  const spoken = await run(["/bin/sh", "-c", 'echo "$LC_ALL $TZ"; read line || echo nothing'])
  assert.equal(spoken.stdout, "C UTC\nnothing\n")
})

test("the agent's program runs detached: a process of nobody's, whose word still comes", async () => {
  const main = join(import.meta.dirname, "../main.ts")
  const { networkInterfaces } = await import("node:os")
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const net = own.find(
    ({ family, internal, netmask }) => family === "IPv4" && !internal && netmask !== "255.255.255.255",
  )
  if (net === undefined) return
  // An address of this network that is not this machine's; what comes of it depends on the network, that something does, not.
  const last = net.address.endsWith(".254") ? "253" : "254"
  const neighbour = net.address.replace(/\d+$/, last)
  const { stdout } = await tryReach([process.execPath, main], [neighbour], none)
  const [one] = (JSON.parse(stdout) as { tries: { attached: string; detached: string }[] }).tries
  assert.ok(one !== undefined && one.detached !== "error", stdout)
})
