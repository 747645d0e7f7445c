import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { HostView } from "../../src/protocol/host.ts"
import type { MacInvite } from "../../src/protocol/lending.ts"
import { type LabHost, MACS } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { checkShape, routeOf } from "../support/check-answer.ts"
import type { Child } from "../support/child.ts"
import { emptied } from "../support/hosts-bench.ts"
import { killIfThere } from "../support/kill-if-there.ts"
import { keysOf } from "../support/lending-scene.ts"
import { gatewayOf, letReachServer, openTerminal } from "../support/owner-terminal.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const missing = ["openssl", "curl", "ssh-keyscan"].find((program) => spawnSync(program, ["-V"]).error !== undefined)
const mode = await findLabMode()
const skip =
  missing !== undefined ? `there is no ${missing} here` : mode !== "root" && "hosts of this lab cannot reach the server"
const OWNERS_KEY = "ssh-ed25519 AAAAC3owners lena@laptop"

describe("the line for an owner", { timeout: 600_000, skip }, () => {
  let pool: Pool
  let folder: ScratchFolder
  const children = new Set<Child>()
  before(async () => {
    pool = await startPool({ hosts: [{}, {}, { kind: "mac" }], joinNone: true })
    folder = new ScratchFolder()
    const up = await admin("up", "--detach", "--lan", "--port", "0")
    assert.equal(up.exitCode, 0, up.stderr)
  })
  after(async () => {
    await Promise.all([...children].map((child) => child[Symbol.asyncDispose]()))
    await admin("down", "--now")
    await pool?.[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  })

  const admin = (...args: string[]) => {
    const cleared = { WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined, WINDFALL_DATA: undefined }
    return pool.windfall(args, { env: { HOME: folder.at("admin"), ...cleared }, cwd: folder.path })
  }
  const hosts = async (): Promise<HostView[]> =>
    (await admin("host", "ls", "--json")).stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as HostView)
  const invite = async (host: LabHost, ...args: string[]): Promise<MacInvite> => {
    const { stdout, stderr } = await admin("invite", "mac", "--json", ...args)
    assert.notEqual(stdout, "", stderr)
    const made = JSON.parse(stdout) as MacInvite
    checkShape(routeOf("POST", "/v1/invites/mac")!.answer!, made, "an invitation")
    letReachServer(host, made)
    return made
  }
  const terminal = (host: LabHost, line: string): Child => {
    const child = openTerminal(host, line, pool.scratch.at(`known_hosts-${host.name}`))
    children.add(child)
    return child
  }
  const type = (child: Child, text: string) => child.process.stdin.write(text)

  it("lends the machine: yes, a key bound to the server, a host that runs jobs, and a line that undoes it", async () => {
    const host = pool.hosts[0] as LabHost
    await host.write(".ssh/authorized_keys", `${OWNERS_KEY}\n`)
    const made = await invite(host, "--owner", "lena", "--name", "lenas")
    const no = terminal(host, made.line)
    await no.says("Go on? (yes or no)")
    type(no, "no\n")
    assert.equal((await no.ended).exitCode, 2, no.stdout)
    assert.match(no.stdout, /Nothing was changed/)
    assert.deepEqual(readdirSync(host.files), [".ssh"])

    const yes = terminal(host, made.line)
    await yes.says(/as the one of lena\..*Go on\?/s)
    type(yes, "yes\n")
    const { exitCode, stdout } = await yes.ended
    assert.equal(exitCode, 0, stdout)
    assert.match(
      stdout,
      /agent \S+ answers.*Jobs run there as worker.*in the pool now, as lenas.*sh ~\/\.windfall\/leave/s,
    )
    assert.ok(!stdout.includes(made.code), "the code is not repeated")
    const keys = readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8").split("\n")
    assert.equal(keys[0], OWNERS_KEY)
    assert.match(
      keys[1] ?? "",
      new RegExp(`^from="${gatewayOf(host)}",restrict,pty ssh-ed25519 AAAA\\S+ windfall s\\w{26}$`),
    )
    const [view] = await hosts()
    assert.deepEqual([view?.name, view?.owner, view?.hostKey], ["lenas", "lena", host.hostKey])
    assert.equal(view?.consoleAccount, "worker", "who pasted the line is known at the machine")
    assert.equal((await admin("send", "-q", "--no-folder", "--", "echo", "lent")).stdout, "lent\n")

    const again = terminal(host, made.line)
    assert.equal((await again.ended).exitCode, 2)
    assert.match(again.stdout, /Cannot lend this machine: Cannot use the code: it was used at/)
    const other = await invite(host)
    const twice = terminal(host, other.line)
    await twice.says("Go on?")
    type(twice, "yes\n")
    assert.equal((await twice.ended).exitCode, 2)
    assert.match(twice.stdout, /it is in the pool already, as lenas/)
    assert.equal((await hosts()).length, 1)

    const leave = terminal(host, "sh ~/.windfall/leave")
    await leave.says("Go on?")
    type(leave, "yes\n")
    assert.equal((await leave.ended).exitCode, 0, leave.stdout)
    assert.equal(readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8"), `${OWNERS_KEY}\n`)
    assert.deepEqual(readdirSync(host.files), [".ssh"])
  })

  it("is useless when it is wrong, taken back, or for something else", async () => {
    const host = pool.hosts[1] as LabHost
    const made = await invite(host)
    const wrong = terminal(host, made.line.replace(made.code, "wfc_nonsense"))
    assert.equal((await wrong.ended).exitCode, 2)
    assert.match(wrong.stdout, /it is not one of this server's\r?\n +Ask whoever invited you/)
    await admin("invite", "rm", made.id)
    const back = terminal(host, made.line)
    assert.equal((await back.ended).exitCode, 2)
    assert.match(back.stdout, /it is not one of this server's/)
    const user = JSON.parse((await admin("user", "invite", "anna", "--json")).stdout) as MacInvite
    const other = terminal(host, made.line.replace(made.code, user.code))
    assert.equal((await other.ended).exitCode, 2)
    const refused = await admin("invite", "mac", "--expires", "1s")
    assert.equal(refused.exitCode, 2)
    assert.deepEqual(readdirSync(host.files), [])
  })

  it("joins a machine once when two lines are pasted there at the same moment", async () => {
    const host = pool.hosts[1] as LabHost
    const before = (await hosts()).length
    const lines = [await invite(host, "--name", "one"), await invite(host, "--name", "two")].map(({ line }) => line)
    const terminals = lines.map((line) => terminal(host, line))
    for (const child of terminals) await child.says("Go on?")
    for (const child of terminals) type(child, "yes\n")
    const ended = await Promise.all(terminals.map((child) => child.ended))
    const lost = ended.filter(({ exitCode }) => exitCode === 2)
    assert.equal(lost.length, 1, ended.map(({ stdout }) => stdout).join("\n"))
    assert.match(lost[0]?.stdout ?? "", /it is joining right now|it is in the pool already/)
    const joined = (await hosts()).filter(({ hostKey }) => hostKey === host.hostKey)
    assert.deepEqual([joined.length, joined[0]?.link], [1, "ready"])
    const name = joined[0]?.name ?? ""
    const forget = await admin("host", "rm", name, "--forget")
    assertRefused(forget, /it answers, and much of Windfall is on it/, new RegExp(`windfall host rm ${name}`))
    assert.equal((await admin("host", "rm", name, "--yes")).exitCode, 0)
    assert.equal((await hosts()).length, before)
    assert.deepEqual(readdirSync(host.files), [])
  })

  it("on a Mac asks what to do about an account that is somebody's own, and refuses a Mac that is too old", async () => {
    const mac = pool.hosts[2] as LabHost
    mac.setMac({ ...MACS.studio, groups: ["admin"] })
    const made = await invite(mac)
    const stop = terminal(mac, made.line)
    await stop.says("Go on?")
    type(stop, "yes\n")
    await stop.says(/an administrator's account\. Jobs of everybody.*sudo sysadminctl -addUser windfall.*Which\?/s)
    type(stop, "3\n")
    assert.equal((await stop.ended).exitCode, 2)
    // What is sent to a Mac is macOS's Node, which does not start here (or cannot be had): refused late, and taken off again.
    const consent = terminal(mac, made.line)
    await consent.says("Go on?")
    type(consent, "yes\n")
    await consent.says("Which?")
    type(consent, "2\n")
    assert.equal((await consent.ended).exitCode, 2)
    assert.match(consent.stdout, /M3 Ultra, .*macOS 26\.1.*Cannot lend this machine: Cannot /s)
    assert.match(consent.stdout, /All that was put here is taken back\.\r?\n +The line can be pasted again/)
    assert.ok(!existsSync(join(mac.files, ".windfall")))
    mac.setMac(MACS.tooOld)
    const old = terminal(mac, made.line)
    assert.equal((await old.ended).exitCode, 2)
    assert.match(old.stdout, /it has macOS 13\.4\.1, and Windfall needs 13\.5 or newer/)
    assert.ok(!existsSync(join(mac.files, ".lab-dialogs")), "no dialog of Apple's stubs came up")
  })

  it("leaves nothing when its script is killed half-way", async () => {
    const host = pool.hosts[1] as LabHost
    const before = (await hosts()).length
    const made = await invite(host)
    const lend = terminal(host, made.line)
    await lend.says("Go on?")
    type(lend, "yes\n")
    // The key is in, and the server at work.
    await lend.says(/looking|Debian|Linux|sending/)
    assert.ok(existsSync(join(host.files, ".ssh/authorized_keys")))
    for (const { pid, command } of host.everything()) if (/^(sh|curl -sSk .*)$/.test(command)) killIfThere(pid)
    await lend.ended
    while (existsSync(join(host.files, ".windfall")) || keysOf(host) !== "") await new Promise(setImmediate)
    await emptied(host)
    assert.equal((await hosts()).length, before)
  })
})
