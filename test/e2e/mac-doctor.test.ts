/** `windfall doctor HOST` and its record on a simulated Mac, over ssh, with the real agent. */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { DoctorFinding } from "../../src/protocol/api.ts"
import type { LabMac } from "../lab/lab.ts"
import { ownerSays } from "../lab/mac/owner-says.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: [{ kind: "mac", name: "mac-1" }, { name: "box" }], server: { labMacs: true } })

function mac(): LabMac {
  const found = pool().hosts[0]?.mac
  assert.ok(found != null, "the lab has a Mac")
  return found
}

async function findings(host = "mac-1"): Promise<Map<string, DoctorFinding>> {
  const { stdout, stderr } = await pool().windfall(["doctor", host, "--json"])
  assert.equal(stderr, "")
  const lines = stdout.trim().split("\n")
  return new Map(lines.map((line) => JSON.parse(line) as DoctorFinding).map((one) => [one.code, one]))
}

test("whose it is: a user, and an account that the Mac has; what it has not is refused, and found where it went later", async () => {
  await pool().addUser("mia")
  const set = (...words: string[]) => pool().windfall(["host", "set", "mac-1", ...words])
  const typo = await set("--owner", "mai")
  assert.deepEqual([typo.exitCode, /Did you mean mia\?/.test(typo.stderr)], [2, true], typo.stderr)
  const nobody = await set("--owner", "mia", "--console-account", "mia.w")
  assert.equal(nobody.exitCode, 2)
  assert.match(nobody.stderr, /Cannot take mia\.w for the owner's account: mac-1 has no such account\n.*dscl/)
  const good = await set("--owner", "mia", "--console-account", "marek")
  assert.deepEqual([good.stdout, good.stderr], ["mac-1: is mia's, account marek there\n", ""])
  assert.equal((await findings()).get("console_account")?.level, "ok")
  if (process.getuid?.() === 0) {
    // Known at the Mac by the account's number alone, which its commands have to know.
    const said = await ownerSays(mac(), "marek", { verb: "rules", rules: { display: "leave" } })
    // One that has only begun to look does not know yet whether somebody is there.
    assert.match(
      said.text,
      /^From now on this rule holds:\n {2}display: leave \(marek said so\)\nNow: (jobs may start|no job starts: .*)\.$/,
    )
    assert.equal((await ownerSays(mac(), "lena", { verb: "resume" })).code, "not_allowed")
  }
  mac().set({ accounts: [{ user: "lena", uid: 501 }] })
  const { level, text } = (await findings()).get("console_account") ?? {}
  assert.equal(level, "warning", text ?? "")
  await set("--owner", "nobody", "--console-account", "none")
})

test("what a Mac is told by its own commands is judged, and follows what is changed there", async () => {
  const before = await findings()
  const levels = Object.fromEntries([...before].map(([code, { level }]) => [code, level]))
  for (const code of [
    ...["machine", "rosetta", "gpu_watchdog", "gpu_wired_limit", "low_power_mode", "remote_login", "firewall"],
    ...["stealth_mode", "link_speed", "sleep", "wake_for_network", "restart_after_power_failure", "filevault"],
    ...["automatic_updates", "disk_space", "clock"],
  ]) {
    assert.equal(levels[code], "ok", `${code}: ${before.get(code)?.text}`)
  }
  assert.equal(levels.remote_login_access, "warning")
  // A simulated Mac has no GPU, and nobody here can say otherwise.
  assert.equal(levels.metal, "unknown", before.get("metal")?.text ?? "")

  mac().firewall(true, true)
  mac().remoteLogin(true, ["worker"])
  mac().link("wifi")
  mac().display("on")
  mac().set({
    fileVault: true,
    sleepMinutes: 10,
    wakeOnLan: false,
    restartsAfterPowerLoss: false,
    updatesInstalled: true,
  })
  mac().fails("route", { exitCode: 1, text: "route: writing to routing socket: not in table" })
  const after = await findings()
  for (const code of ["firewall", "stealth_mode", "filevault", "sleep", "wake_for_network", "gpu_watchdog"]) {
    assert.equal(after.get(code)?.level, "warning", `${code}: ${after.get(code)?.text}`)
  }
  for (const code of ["restart_after_power_failure", "automatic_updates"])
    assert.equal(after.get(code)?.level, "warning")
  assert.equal(after.get("remote_login_access")?.level, "ok", after.get("remote_login_access")?.text ?? "")
  assert.equal(after.get("link_speed")?.level, "unknown", after.get("link_speed")?.text ?? "")
  mac().fails("route", null)
  assert.equal((await findings()).get("link_speed")?.level, "warning")
  const overview = await pool().windfall(["doctor"])
  assert.match(overview.stdout, /warning +mac-1: its checklist has \d+ warnings/)
  assert.deepEqual(mac().records("gnu"), [] as object[], "no option is used that macOS lacks")
  assert.deepEqual(mac().records("absent"), [] as object[], "nor a command")
})

test("its record is a folder that facts reads, without what names it", async () => {
  using scratch = new ScratchFolder()
  mac().set({ computerName: "Grace Hopper's Studio", serial: "QX7LAB0042" })
  mac().owner("returns")
  const folder = scratch.at("mac")
  const done = await pool().windfall(["doctor", "mac-1", "--record", folder])
  assert.equal(done.exitCode, 0, done.stderr)
  const files = readdirSync(folder)
  const whole = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n")
  const { platformUuid, account, consoleUser } = mac().state
  for (const secret of ["Hopper", "QX7LAB0042", platformUuid, account, consoleUser].filter((one) => one !== "")) {
    assert.ok(!new RegExp(`(?<![a-z0-9])${RegExp.escape(secret)}(?![a-z0-9])`, "i").test(whole), secret)
  }
  const { stdout } = await pool().windfall(["facts", folder, "--json"])
  const told = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { facts: { name: string; value: unknown }[] }
  const value = (name: string) => told.facts.find((fact) => fact.name === name)?.value
  assert.equal(value("modelIdentifier"), mac().state.model.identifier)
  assert.equal(value("hostVerdict"), "accepted")
})

test("a Linux host has the items that apply to it, and no record", async () => {
  const found = await findings("box")
  assert.equal(found.get("disk_space")?.level, "ok", found.get("disk_space")?.text ?? "")
  assert.equal(found.get("clock")?.level, "ok", found.get("clock")?.text ?? "")
  assert.ok(found.has("link_speed"))
  assert.ok(!found.has("metal"))
  using scratch = new ScratchFolder()
  const refused = await pool().windfall(["doctor", "box", "--record", scratch.at("box")])
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /^Cannot record box: it is no Mac/)
  assert.deepEqual(readdirSync(scratch.path), [])
})
