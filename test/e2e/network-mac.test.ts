import assert from "node:assert/strict"
import { truncateSync, writeFileSync } from "node:fs"
import { after, before, describe, it } from "node:test"
import type { AgentMessage } from "../../src/protocol/agent-wire.ts"
import { type Lab, startLab } from "../lab/lab.ts"
import type { LabHost } from "../lab/lab-host.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { addRequest, HostsBench } from "../support/hosts-bench.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const skip = (await findLabMode()) === "ports" ? "a simulated Mac needs namespaces" : false
type News = Extract<AgentMessage, { type: "network" }>

describe("a Mac on the network", { timeout: 600_000, skip }, () => {
  let lab: Lab
  before(async () => {
    lab = await startLab({ hosts: [{ kind: "mac" }], signal: AbortSignal.timeout(50_000) })
  })
  after(() => lab?.[Symbol.asyncDispose]())

  it("tells its cable, Macs at its Thunderbolt ports and what names it, and Wi-Fi once it has woken on it", async () => {
    const [host] = lab.hosts
    assert.ok(host !== undefined)
    host.mac.link("10gbe")
    host.mac.link("thunderbolt", "Mac16,9")
    await using bench = new HostsBench(lab)
    const last = (await bench.join(addRequest(host))).at(-1)
    assert.equal(last?.step, "done", JSON.stringify(last))
    const { hello } = await bench.until("open")
    assert.equal(hello.facts.platform, "darwin")
    assert.match(hello.machine ?? "", /^[0-9a-f]{64}$/)
    assert.equal(bench.records[0]?.machine, hello.machine)

    const { network, wake } = await told(bench, (news) => news.network.peers.length > 0)
    const { addresses, ...way } = network
    assert.deepEqual(way, { kind: "ethernet", mbps: 10_000, interface: "en0", peers: ["Mac16,9"] })
    assert.deepEqual(
      addresses?.map(({ address }) => address),
      [host.address],
    )
    assert.match(wake?.hardware ?? "", /^d0:11:e5:/)
    assert.match(wake?.broadcast ?? "", /\.255$/)
    assert.equal(wake?.isAllowed, true)

    host.mac.link("wifi")
    rouse(host)
    const wifi = await told(bench, (news) => news.network.kind === "wifi" && news.network.mbps !== null)
    assert.equal(wifi.network.interface, "en1")
    assert.deepEqual(wifi.network.peers, ["Mac16,9"])
    assert.equal(wifi.wake, null)
  })
})

describe("a large folder before a Mac on Wi-Fi", { timeout: 600_000, skip }, () => {
  let pool: Pool
  before(async () => {
    pool = await startPool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
  })
  after(() => pool?.[Symbol.asyncDispose]())

  it("is said with --dry-run, and before a job is left to itself", async () => {
    const [host] = pool.hosts
    assert.ok(host !== undefined)
    host.mac.owner("leaves", { idleMs: 3_600_000 })
    host.mac.link("wifi")
    rouse(host)
    await pool.untilHost(host.name, ({ network, obstacles }) => network?.kind === "wifi" && obstacles.length === 0)
    using project = new ScratchFolder()
    writeFileSync(project.at("weights"), "")
    truncateSync(project.at("weights"), 300_000_000)
    const note = new RegExp(`up to 286 MB over Wi-Fi to ${host.name}: about \\d+ s$`, "m")
    const send = (...args: string[]) =>
      pool.windfall(["send", ...args, "--output", "none", "--", "true"], { cwd: project.path })
    const dry = await send("--dry-run")
    assert.match(dry.stdout, note, dry.stderr)
    const { overWifi } = JSON.parse((await send("--dry-run", "--json")).stdout) as { overWifi: string }
    assert.match(overWifi, note)
    const left = await send("-d")
    assert.match(left.stderr, note)
    assert.equal(left.stderr.match(/Wi-Fi/g)?.length, 1)
    await pool.windfall(["stop", left.stdout.trim()])
  })
})

/** It looks at its network then, as after a sleep. */
function rouse(host: LabHost): void {
  for (const { pid, command } of host.processes()) if (/\.mjs --root/.test(command)) process.kill(pid, "SIGCONT")
}

/** The first that fits of what it tells. */
async function told(bench: HostsBench, fits: (news: News) => boolean): Promise<News> {
  const isIt = (message: AgentMessage): message is News => message.type === "network" && fits(message)
  const { messages } = await bench.until("messages", (one) => one.messages.some(isIt))
  return messages.find(isIt)!
}
