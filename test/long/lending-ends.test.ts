import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { MACS } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { emptied } from "../support/hosts-bench.ts"
import { filesOf, keysOf, LendingScene } from "../support/lending-scene.ts"

const missing = ["openssl", "curl", "ssh-keyscan"].find((program) => spawnSync(program, ["-V"]).error !== undefined)
const mode = await findLabMode()
const skip =
  missing !== undefined ? `there is no ${missing} here` : mode !== "root" && "hosts of this lab cannot reach the server"
const OWNERS_KEY = "ssh-ed25519 AAAAC3owners lena@laptop"
const SETTLED_MS = 3_000

describe("a machine that is lent, and does not come into the pool", { timeout: 600_000, skip }, () => {
  let scene: LendingScene
  before(async () => {
    scene = await LendingScene.start([{}, {}, { kind: "mac" }, { diskBytes: 4 * 1024 * 1024 }])
  })
  after(() => scene?.[Symbol.asyncDispose]())

  it("has nothing left where the server was killed meanwhile; the line is good for a server that is back", async (t) => {
    const mac = scene.host(2)
    mac.setMac(MACS.studio)
    const made = await scene.invite(mac, scene.host(0))
    const lend = await scene.agreed(mac, made.line)
    await lend.says(/sending|Cannot/)
    if (!lend.stdout.includes("sending")) return t.skip("macOS's Node cannot be had here")
    await scene.kill()
    assert.equal((await lend.ended).exitCode, 2, lend.stdout)
    assert.match(lend.stdout, /broke off.*All that was put here is taken back\.\s+The line can be pasted again/s)
    assert.deepEqual(filesOf(mac), [])
    await emptied(mac)
    await delay(SETTLED_MS)
    assert.deepEqual(filesOf(mac), [], "and nothing comes back")

    await scene.up(new URL(/https:\S+/.exec(made.line)?.[0] ?? "").port)
    const again = await scene.agreed(scene.host(0), made.line)
    assert.equal((await again.ended).exitCode, 0, again.stdout)
    const name = (await scene.hosts())[0]?.name ?? ""
    assert.equal((await scene.admin("host", "rm", name, "--yes")).exitCode, 0)
    assert.deepEqual(filesOf(scene.host(0)), [], "nor the folder that was made for the key")
  })

  it("is in the pool or not as its owner was told, when it was stopped in the last moment", async () => {
    const host = scene.host(1)
    const made = await scene.invite(host)
    const lend = await scene.agreed(host, made.line)
    await lend.says("Jobs run there as")
    lend.process.stdin.write("\x03")
    const { exitCode, stdout } = await lend.ended
    const isTold = /in the pool now, as (\S+)\./.exec(stdout)?.[1]
    if (isTold === undefined) {
      assert.notEqual(exitCode, 0)
      assert.match(
        stdout,
        /All that was put here is taken back\.\s+The line can be pasted again, until it expires\.\r?\n/,
      )
      assert.deepEqual(await scene.hosts(), [])
      const again = await scene.agreed(host, made.line)
      assert.equal((await again.ended).exitCode, 0, again.stdout)
    }
    const [name = ""] = (await scene.hosts()).map((view) => view.name)
    assert.equal((await scene.admin("host", "rm", name, "--yes")).exitCode, 0)
    assert.deepEqual(filesOf(host), [])
  })

  it("has nothing left after Ctrl-C and a closed window, says so, and the line can be pasted again", async (t) => {
    const mac = scene.host(2)
    const host = scene.host(1)
    await host.write(".ssh/authorized_keys", `${OWNERS_KEY}\n`)
    const made = await scene.invite(mac, host)
    const lend = await scene.agreed(mac, made.line)
    await lend.says(/sending|Cannot/)
    if (!lend.stdout.includes("sending")) return t.skip("macOS's Node cannot be had here")
    const other = scene.terminal(host, made.line)
    assert.equal((await other.ended).exitCode, 2)
    assert.match(other.stdout, /Cannot use the code: it is being used/)
    lend.process.stdin.write("\x03")
    assert.notEqual((await lend.ended).exitCode, 0, lend.stdout)
    assert.match(lend.stdout, /Stopped\.\s+All that was put here is taken back\.\s+The line can be pasted again/s)
    assert.deepEqual(filesOf(mac), [])

    const closed = await scene.agreed(mac, made.line)
    await closed.says("sending")
    closed.process.stdin.write("\x03")
    closed.process.kill("SIGKILL")
    await closed.ended
    while (filesOf(mac).length > 0) await delay(50)
    await emptied(mac)

    let last = await scene.agreed(host, made.line)
    for (; (await last.ended).exitCode !== 0; last = await scene.agreed(host, made.line)) {
      assert.match(last.stdout, /is being used/)
    }
    const leave = scene.terminal(host, "sh ~/.windfall/leave --yes")
    assert.equal((await leave.ended).exitCode, 0, leave.stdout)
    assert.equal(keysOf(host), `${OWNERS_KEY}\n`)
    await scene.admin("host", "rm", (await scene.hosts())[0]?.name ?? "")
  })

  it("is one of two that use a code at once, and the other joins by another line", async () => {
    const [one, two] = [scene.host(0), scene.host(1)]
    const made = await scene.invite(one, two)
    const both = await Promise.all([scene.terminal(one, made.line), scene.terminal(two, made.line)])
    for (const each of both) await each.says("Go on?")
    for (const each of both) each.process.stdin.write("yes\n")
    const codes = await Promise.all(both.map(async (each) => (await each.ended).exitCode))
    assert.deepEqual(codes.toSorted(), [0, 2])
    const loser = codes[0] === 0 ? 1 : 0
    assert.match(both[loser]?.stdout ?? "", /Cannot use the code: it (is being used|was used at)/)
    const hosts = await scene.hosts()
    assert.equal(hosts.length, 1)
    const late = scene.terminal(scene.host(loser), made.line)
    assert.equal((await late.ended).exitCode, 2)
    assert.match(late.stdout, /it was used at/)
    assert.equal((await scene.admin("host", "rm", hosts[0]?.name ?? "", "--yes")).exitCode, 0)
  })

  it("says what to type where the key cannot be put in, and the same line works once that is done", async () => {
    const host = scene.host(0)
    const home = host.home
    const made = await scene.invite(host, scene.host(3))
    const shell = async (line: string) => {
      const child = scene.terminal(host, line)
      assert.equal((await child.ended).exitCode, 0, child.stdout)
    }
    const put = "mkdir -p ~/.ssh && echo mine > ~/.ssh/authorized_keys"
    const cases: readonly (readonly [string, RegExp, string])[] = [
      [`${put} && chmod 0 ~/.ssh/authorized_keys`, /cannot be read\s+Open it: .*chmod u\+r/s, "rm -rf ~/.ssh -f"],
      ["mkdir -p ~/.ssh/authorized_keys", /is a folder.*\s+Move it away: mv/s, "rm -rf ~/.ssh"],
      ["echo > ~/.ssh", /~\/\.ssh is a file.*\s+Move it away: mv ~\/\.ssh/s, "rm -f ~/.ssh"],
      ["echo > ~/.windfall", /no folder\s+Move it away: mv ~\/\.windfall/s, "rm -f ~/.windfall"],
      ["chmod 0555 ~", /home folder cannot be written\s+Open it: chmod u\+w ~/s, "chmod 0755 ~"],
    ]
    for (const [before, says, mend] of cases) {
      await shell(before)
      const was = readdirSync(host.files)
      const refused = await scene.agreed(host, made.line)
      assert.equal((await refused.ended).exitCode, 2, before)
      assert.match(refused.stdout, says)
      assert.match(refused.stdout, /The line can be pasted again/)
      assert.deepEqual(readdirSync(host.files), was, before)
      await shell(mend)
    }
    const small = scene.host(3)
    small.fillDisk()
    const full = await scene.agreed(small, made.line)
    assert.equal((await full.ended).exitCode, 2)
    assert.match(full.stdout, /the disk is full\s+Make room there/)
    assert.deepEqual(filesOf(small), [])

    await shell(`${put} && chmod 0400 ~/.ssh/authorized_keys && chmod 0500 ~/.ssh`)
    const joined = await scene.agreed(host, made.line)
    assert.equal((await joined.ended).exitCode, 0, joined.stdout)
    const modes = () => [".ssh", ".ssh/authorized_keys"].map((name) => statSync(join(host.files, name)).mode & 0o777)
    assert.deepEqual(modes(), [0o500, 0o400], home)
    await shell("sh ~/.windfall/leave --yes")
    assert.deepEqual(modes(), [0o500, 0o400])
    assert.equal(keysOf(host), "mine\n")
  })
})
