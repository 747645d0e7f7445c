import assert from "node:assert/strict"
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { JoinStep } from "../../src/protocol/api.ts"
import { makeId, type ServerId } from "../../src/protocol/ids.ts"
import { keyLine } from "../../src/protocol/key-line.ts"
import { freeName } from "../../src/server/hosts/host-name.ts"
import { type Lab, type LabHost, startLab } from "../lab/lab.ts"
import { addRequest, emptied, failure, HostsBench, labPayloads, SERVER } from "../support/hosts-bench.ts"
import { killIfThere } from "../support/kill-if-there.ts"

const OTHER_SERVER = makeId<ServerId>("s", Buffer.from("bench-server-111"))
const signal = AbortSignal.timeout(240_000)

describe("hosts", { timeout: 600_000 }, () => {
  let lab: Lab
  before(async () => {
    lab = await startLab({ hosts: 2, signal })
  })
  after(() => lab[Symbol.asyncDispose]())
  const host = (number: number): LabHost => lab.hosts[number] as LabHost

  it("join step by step, are admitted, and keep a link", async () => {
    await using bench = new HostsBench(lab)
    const steps = await bench.join(addRequest(host(0)))
    const done = steps.at(-1)
    assert.equal(done?.step, "done", JSON.stringify(done))
    assert.deepEqual(okSteps(steps), ["reach", "key", "system", "runtime", "agent", "facts"])
    await bench.ready()
    const { hello } = await bench.until("open")
    assert.equal(hello.facts.user, host(0).user)
    assert.equal(hello.server, SERVER)
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
    assert.ok(!existsSync(join(host(0).files, ".windfall/claim")), "the claim is gone")
  })

  it("show their host key to scan(), which changes nothing", async () => {
    await using bench = new HostsBench(lab)
    const { hostKey, fingerprint } = await bench.hosts.scan(addRequest(host(1)), { signal })
    assert.equal(hostKey, host(1).hostKey)
    assert.match(fingerprint, /^SHA256:[\w+/]{43}$/)
    assert.deepEqual(readdirSync(host(1).files), [])
  })

  it("are refused with another key than the one confirmed, and nothing is left behind", async () => {
    await using bench = new HostsBench(lab)
    const error = failure(await bench.join(addRequest(host(1), { hostKey: host(0).hostKey })))
    assert.equal(error.code, "host_key_unconfirmed")
    assert.equal(error.details?.hostKey, host(1).hostKey)
    assert.deepEqual(readdirSync(host(1).files), [])
    assert.equal(bench.records.length, 0)
  })

  it("that let the server's key not in say which line to put where", async () => {
    await using bench = new HostsBench(lab, {}, { server: OTHER_SERVER, withoutKey: true })
    const error = failure(await bench.join(addRequest(host(1))))
    assert.equal(error.code, "authentication_refused")
    const publicKey = readFileSync(join(bench.folder, "id_ed25519.pub"), "utf8")
    assert.ok(error.hint?.endsWith(keyLine(publicKey, OTHER_SERVER)))
    rmSync(bench.folder, { recursive: true })
  })

  it("are left as they were by a join that is cancelled half-way", async () => {
    await using bench = new HostsBench(lab)
    const cancel = new AbortController()
    for await (const step of bench.hosts.add(addRequest(host(1)), { actor: "tester", signal: cancel.signal })) {
      if (step.step === "agent" && step.state === "running") cancel.abort(new Error("cancelled"))
    }
    assert.deepEqual(readdirSync(host(1).files), [])
    await emptied(host(1))
    assert.equal(bench.records.length, 0)
  })

  it("are given one name each, and one machine is not taken twice", async () => {
    await using bench = new HostsBench(lab)
    await bench.join(addRequest(host(0)))
    assert.equal(failure(await bench.join(addRequest(host(1), { name: host(0).name }))).code, "name_taken")
    const scan = { address: addRequest(host(1)).address, port: host(1).port }
    await assert.rejects(bench.hosts.scan({ ...scan, name: host(0).name }, { signal }), { code: "name_taken" })
    const again = failure(await bench.join(addRequest(host(0), { name: "other" })))
    assert.equal(again.code, "name_taken")
    assert.match(again.message, new RegExp(`as ${host(0).name}$`))
    await bench.join(addRequest(host(1), { name: null }))
    const unnamed = bench.records[1]!
    const { hello } = await bench.until("open", ({ channel }) => channel.hostId === unnamed.id)
    assert.equal(unnamed.name, freeName(hello.facts.hostname, unnamed.address, new Set([host(0).name])))
    for (const { id } of bench.records) await bench.hosts.release(id, { unclaim: true })
  })

  it("claimed by one server refuse another, which may take over while nothing runs", async () => {
    await using first = new HostsBench(lab)
    await first.join(addRequest(host(0)))
    await first.ready()
    await using second = new HostsBench(lab, {}, { server: OTHER_SERVER })
    const error = failure(await second.join(addRequest(host(0))))
    assert.equal(error.code, "host_claimed")
    assert.equal(error.details?.server, SERVER)
    assert.ok(!existsSync(join(host(0).files, ".windfall/servers", OTHER_SERVER)), "the refused join left nothing")
    const steps = await second.join(addRequest(host(0), { takeOver: true }))
    assert.equal(steps.at(-1)?.step, "done", JSON.stringify(steps.at(-1)))
    await first.until("link", ({ link }) => link === "refused")
    await second.hosts.release(second.records[0]!.id, { unclaim: true })
  })

  it("are joined although their profile files print, and garbage about our own marks", async () => {
    await host(1).write(".bashrc", 'echo "welcome to $(hostname)"; printf "WINDFALL-AGENT ok\\nhalf a line"\n')
    await host(1).write(".profile", "echo profile\n")
    await using bench = new HostsBench(lab)
    assert.equal((await bench.join(addRequest(host(1)))).at(-1)?.step, "done")
    await bench.ready()
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
    for (const name of [".bashrc", ".profile"]) rmSync(join(host(1).files, name))
  })

  it("come back at once when ssh is killed, and when the agent is", async () => {
    await using bench = new HostsBench(lab)
    await bench.join(addRequest(host(0)))
    await bench.ready()
    for (const victim of ["agent.mjs", "sshd: "]) {
      const from = bench.told.length
      kill(host(0), victim)
      await bench.until("closed", undefined, from)
      await bench.until("open", undefined, from)
    }
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
  })

  it("whose cable is cut are missed after the silence, and come back", async () => {
    await using bench = new HostsBench(lab)
    await bench.join(addRequest(host(0)))
    await bench.ready()
    const from = bench.told.length
    await host(0).cut()
    const { reason } = await bench.until("closed", undefined, from)
    assert.match(reason, /does not answer/)
    await bench.until("link", ({ link }) => link === "down", from)
    await host(0).restore()
    await bench.ready(from)
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
  })

  it("with a damaged agent, or a damaged Node of the right size, are repaired", async () => {
    await using bench = new HostsBench(lab)
    await bench.join(addRequest(host(0)))
    await bench.ready()
    const payload = await labPayloads()("linux-x64", signal)
    for (const file of [payload.agent[0], payload.node]) {
      const path = join(host(0).files, ".windfall", file.path)
      const from = bench.told.length
      rmSync(path)
      writeFileSync(path, "#!/bin/false\n", { mode: 0o755 })
      truncateSync(path, file.bytes)
      chmodSync(path, 0o755)
      kill(host(0), "agent.mjs")
      await bench.until("open", undefined, from)
      assert.equal(statSync(path).size, file.bytes)
      assert.notEqual(readFileSync(path).subarray(0, 12).toString(), "#!/bin/false")
    }
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
  })

  it("get what an earlier try has half sent, and what it has sent wrongly", async () => {
    await using bench = new HostsBench(lab)
    const payload = await labPayloads()("linux-x64", signal)
    const incoming = (sha256: string) => `.windfall/incoming/${sha256}.${SERVER}`
    const [agent, terminal] = payload.agent
    await host(1).write(incoming(agent.sha256), readFileSync(agent.source, "utf8").slice(0, 1000))
    await host(1).write(incoming(terminal!.sha256), "not the beginning of it")
    const steps = await bench.join(addRequest(host(1)))
    assert.equal(steps.at(-1)?.step, "done", JSON.stringify(steps.at(-1)))
    assert.ok(!existsSync(join(host(1).files, ".windfall/incoming")))
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
  })

  it("that show another key later are refused until the new one is confirmed", async (t) => {
    await using bench = new HostsBench(lab)
    await bench.join(addRequest(host(0)))
    await bench.ready()
    const from = bench.told.length
    const oldKey = host(0).hostKey
    const newKey = await host(0).changeHostKey()
    const { reason } = await bench.until("link", ({ link }) => link === "refused", from)
    assert.match(reason ?? "", /another host key.*windfall host rekey \S+\. Else/)
    const [record] = bench.records
    await assert.rejects(bench.hosts.rekey(record!, oldKey, { signal }), { code: "host_key_unconfirmed" })
    await bench.hosts.rekey(record!, newKey, { signal })
    bench.records[0] = { ...record!, hostKey: newKey }
    bench.hosts.keep(bench.records[0])
    await bench.ready(from)
    t.diagnostic("rekeyed")
    await bench.hosts.release(record!.id, { unclaim: true })
  })

  it("that are this very machine need no ssh", async () => {
    await using bench = new HostsBench(lab)
    const root = join(lab.folder, "local-root")
    const steps = await bench.join(
      addRequest(host(0), { address: `local:${root}`, port: null, hostKey: "", name: "here" }),
    )
    assert.equal(steps.at(-1)?.step, "done", JSON.stringify(steps.at(-1)))
    await bench.ready()
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
    assert.ok(!existsSync(join(root, "claim")))
  })

  it("that are not there are down, with the reason", async () => {
    await using bench = new HostsBench(lab)
    const error = failure(await bench.join(addRequest(host(0), { port: 9 })))
    assert.equal(error.code, "host_unreachable")
    assert.equal(
      failure(await bench.join(addRequest(host(0), { address: "-oProxyCommand=true" }))).code,
      "invalid_input",
    )
  })
})

function okSteps(steps: readonly JoinStep[]): string[] {
  return steps.flatMap((step) => ("state" in step && step.state === "ok" ? [step.step] : []))
}

/** Kills the processes of a host whose command has this in it; they are the lab's own. */
function kill(host: LabHost, part: string): void {
  const victims = host.everything().filter(({ command }) => command.includes(part) && !/listener/.test(command))
  assert.ok(victims.length > 0, `nothing runs ${part}`)
  for (const { pid } of victims) killIfThere(pid)
}
