import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import type { PayloadSource } from "../../src/ssh/payload.ts"
import { type Lab, type LabHost, MACS, startLab } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { addRequest, emptied, failure, HostsBench, labPayloads } from "../support/hosts-bench.ts"

const signal = AbortSignal.timeout(240_000)

describe("agents that are not what they should be", { timeout: 600_000 }, () => {
  /** The real payload with another program in the agent's place. */
  const withAgent = (lab: Lab, program: string): PayloadSource => {
    const path = join(lab.folder, "agent.mjs")
    writeFileSync(path, program)
    const file = { source: path, bytes: program.length, sha256: createHash("sha256").update(program).digest("hex") }
    return async (platform, stop) => {
      const payload = await labPayloads()(platform, stop)
      return { ...payload, agent: [{ ...payload.agent[0], ...file, path: `agent/${file.sha256}/agent.mjs` }] }
    }
  }
  const programs: readonly (readonly [string, string, RegExp])[] = [
    ["prints something else", "console.log('hello there'); process.stdin.resume()", /it says "hello there"/],
    ["ends at once", "process.exit(7)", /it ended with 7/],
    [
      "prints garbage for HTTP/2",
      "console.log('WINDFALL-AGENT ok'); console.log('x'.repeat(5000)); process.stdin.resume()",
      /Cannot speak with the agent/,
    ],
    [
      "refuses in words of its own",
      `console.log('WINDFALL-AGENT refused {"error":{"code":"nonsense","message":7}}')`,
      /Cannot read the answer/,
    ],
  ]
  it("fail the join, which leaves nothing", async () => {
    await using lab = await startLab({ hosts: 1, signal })
    const host = lab.hosts[0] as LabHost
    for (const [what, program, message] of programs) {
      await using bench = new HostsBench(lab, { payloads: withAgent(lab, program) })
      const error = failure(await bench.join(addRequest(host)))
      assert.match(error.message, message, what)
      assert.deepEqual(readdirSync(host.files), [], what)
      await emptied(host)
    }
  })
})

describe("login shells", { timeout: 600_000 }, () => {
  for (const [shell, profile] of [
    ["/usr/bin/fish", ".config/fish/config.fish"],
    ["/bin/tcsh", ".cshrc"],
    ["/bin/zsh", ".zshenv"],
  ] as const) {
    it(`join through ${shell} with a profile that prints`, async (t) => {
      if (!existsSync(shell)) return t.skip(`${shell} is not installed`)
      if ((await findLabMode()) === "ports") return t.skip("this account may not make namespaces here")
      await using lab = await startLab({ hosts: [{ shell }], signal })
      const host = lab.hosts[0] as LabHost
      await host.write(profile, 'echo "hello from the profile"\n')
      await using bench = new HostsBench(lab)
      const steps = await bench.join(addRequest(host))
      assert.equal(steps.at(-1)?.step, "done", JSON.stringify(steps.at(-1)))
      await bench.ready()
    })
  }
})

describe("simulated Macs", { timeout: 600_000 }, () => {
  it("are told from what cannot be a host, with the reason", async (t) => {
    if ((await findLabMode()) === "ports") return t.skip("this account may not make namespaces here")
    await using macLab = await startLab({ hosts: [{ kind: "mac" }], signal })
    const mac = macLab.hosts[0] as LabHost
    await using bench = new HostsBench(macLab)
    const refusals = {
      intel: /Intel/,
      rosetta: /Rosetta/,
      virtual: /virtual machine/,
      tooOld: /macOS 13\.4\.1/,
    } as const
    for (const [kind, reason] of Object.entries(refusals)) {
      mac.setMac(MACS[kind as keyof typeof MACS])
      const error = failure(await bench.join(addRequest(mac)))
      assert.equal(error.code, "host_refused")
      assert.match(error.message, reason)
      assert.deepEqual(readdirSync(mac.files), [])
    }
    for (const owners of [{ groups: ["admin"] }, { console: mac.user }]) {
      mac.setMac({ ...MACS.studio, ...owners })
      const error = failure(await bench.join(addRequest(mac)))
      assert.equal(error.code, "host_refused")
      assert.match(error.message, /worker is (an administrator's account|the account of who sits at its screen)$/)
      assert.match(error.hint ?? "", /^Jobs of everybody .* could read .*--account-of-owner$/)
      assert.deepEqual(readdirSync(mac.files), [])
    }
    mac.setMac({ ...MACS.studio, groups: ["admin"] })
    const consented = await bench.join(addRequest(mac, { accountOfOwner: true }))
    assert.equal(consented.at(-1)?.step, "done", JSON.stringify(consented.at(-1)))
    await bench.hosts.release(bench.records[0]!.id, { unclaim: true })
    bench.records.length = 0
    bench.told.length = 0
    mac.setMac(MACS.studio)
    const steps = await bench.join(addRequest(mac))
    assert.equal(steps.at(-1)?.step, "done", JSON.stringify(steps.at(-1)))
    assert.ok(
      steps.some((step) => step.step === "system" && /^Mac Studio 2025, M3 Ultra, .*macOS 26\.1$/.test(step.text)),
    )
    await bench.ready()
    assert.ok(!existsSync(join(mac.files, ".lab-dialogs")), "no dialog of Apple's stubs came up")
    const windfall = join(mac.home, ".windfall")
    const excluded = () => readFileSync(join(mac.files, ".lab-tmutil"), "utf8")
    assert.equal(excluded(), `addexclusion ${windfall}\n`, "once, as long as anything of it is there")
    assert.ok(existsSync(join(mac.files, ".windfall/.metadata_never_index")))

    bench.records[0] = {
      ...bench.records[0]!,
      facts: { ...(await bench.until("open")).hello.facts, platform: "darwin" },
    }
    const from = bench.told.length
    await mac.sleep()
    const { reason } = await bench.until("link", ({ link }) => link === "asleep", from)
    assert.match(reason ?? "", /asleep/)
    await mac.wake()
    await bench.ready(from)
    assert.equal(excluded().split("\n").length, 2, "what its owner takes back is not done again")
    await bench.hosts.clean(bench.records[0]!, signal)
    assert.equal(existsSync(join(mac.files, ".windfall")), false)
  })
})
