import assert from "node:assert/strict"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Child, type Ended } from "../../../test/support/child.ts"
import { MAC_HEAD, macExamination } from "../../../test/support/mac-outputs.ts"
import { examinationLines } from "../../../test/support/simulated-facts.ts"
import type { SimulatedHost } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { readFactGroup } from "../../cli/facts/read-fact-files.ts"
import type { DoctorReport } from "../../protocol/api.ts"
import type { Examination } from "../../protocol/doctor-wire.ts"

const MAC_FACTS = { platform: "darwin", system: "macOS 26.1", model: "Mac15,14", user: "wfjobs" } as const

function answers(host: SimulatedHost, examination: () => Examination): void {
  host.examine = ({ extent }) => {
    const { head, outputs } = examination()
    const names = extent === "record" ? macExamination({}, { extent }).head.names : []
    return examinationLines({ head: { ...head, now: Date.now(), names }, outputs })
  }
}

async function findingsOf(server: TestServer, path = "/v1/doctor"): Promise<DoctorReport["findings"]> {
  return (await server.call<DoctorReport>("GET", path)).findings
}

test("doctor HOST has what the host prints judged, the worst first, with what the server knows", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("mac-1", MAC_FACTS)
  answers(host, () =>
    macExamination({ fdesetup: "FileVault is On.\n", metal: '{"failed":"device","reason":"none"}\n' }),
  )
  const findings = await findingsOf(server, "/v1/hosts/mac-1/doctor")
  assert.deepEqual([findings[0]?.code, findings[0]?.level], ["metal", "problem"])
  assert.deepEqual([findings[1]?.code, findings[1]?.level], ["filevault", "warning"])
  const codes = new Set(findings.map(({ code }) => code))
  for (const code of ["link", "shared_account", "clock", "sleep"]) assert.ok(codes.has(code), code)
  assert.ok(findings.every(({ subject }) => subject === "mac-1"))
})

test("doctor has a line for each host and what differs between them, and asks each at most once in a while", async () => {
  await using server = await TestServer.start()
  let asked = 0
  for (const [name, system, python] of [
    ["mac-1", "macOS 26.1", "3.12.7"],
    ["mac-2", "macOS 15.6", "3.12.4"],
  ] as const) {
    const host = await server.hosts.join(name, { ...MAC_FACTS, system })
    const head = { ...MAC_HEAD, pythonVersions: [python] }
    answers(host, () => {
      asked++
      return macExamination(name === "mac-2" ? { fdesetup: "FileVault is On.\n", df: "" } : {}, { head })
    })
  }
  const broken = await server.hosts.join("mac-3", MAC_FACTS)
  broken.examine = async function* () {
    yield Buffer.from("{}\n")
  }
  const findings = await findingsOf(server)
  const of = (subject: string, code: string) => findings.find((one) => one.subject === subject && one.code === code)
  assert.equal(of("mac-1", "checklist")?.level, "ok")
  assert.equal(of("mac-2", "checklist")?.level, "warning")
  assert.match(of("mac-2", "checklist")?.text ?? "", /1 warning: filevault; 1 of 20 could not be found out/)
  assert.equal(of("mac-2", "checklist")?.fix, "windfall doctor mac-2")
  assert.equal(of("mac-3", "checklist")?.level, "unknown")
  assert.match(of("fleet", "macos_versions")?.text ?? "", /26\.1 on mac-1, mac-3; 15\.6 on mac-2/)
  assert.match(of("fleet", "python_versions")?.text ?? "", /Python 3\.12 differs.*3\.12\.7 on mac-1; 3\.12\.4 on mac-2/)
  assert.equal(of("fleet", "agent_versions")?.level, "ok")
  await findingsOf(server)
  assert.equal(asked, 2)
  await findingsOf(server, "/v1/hosts/mac-1/doctor")
  assert.equal(asked, 3)
})

test("a host that says what no agent says, breaks off or floods is told as such, and nothing of it is believed", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("mac-1", MAC_FACTS)
  const head = JSON.stringify(MAC_HEAD)
  const output = JSON.stringify({ probe: "x", outcome: "ended", exitCode: 0, stdout: "", stderr: "", isCut: false })
  const cases: readonly [lines: readonly string[], code: string][] = [
    [[], "link_lost"],
    [[head], "link_lost"],
    [["not json"], "corrupt_data"],
    [["[]"], "corrupt_data"],
    [[head, '{"probe":"x"}'], "corrupt_data"],
    [[head, ...Array.from({ length: 300 }, () => output)], "corrupt_data"],
  ]
  for (const [lines, code] of cases) {
    host.examine = async function* () {
      for (const line of lines) yield Buffer.from(`${line}\n`)
    }
    const response = await server.request("GET", "/v1/hosts/mac-1/doctor")
    const { error } = (await response.json()) as { error: { code: string } }
    assert.equal(error.code, code, lines.join("; ").slice(0, 80))
  }
  host.cut("gone")
  server.hosts.autoConnect = false
  const gone = await server.request("GET", "/v1/hosts/mac-1/doctor")
  assert.notEqual(gone.status, 200)
})

test("--record writes what a Mac printed, masked, as a folder that facts reads as that Mac", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("mac-1", MAC_FACTS)
  const examination = macExamination({}, { extent: "record" })
  answers(host, () => examination)
  const run = (...words: string[]) => windfall(server, ["doctor", "mac-1", "--record", ...words])
  const done = await run("mac")
  assert.equal(done.exitCode, 0, done.stderr)
  assert.match(done.stdout, /serial numbers\n[\s\S]*Look before you send/)
  const folder = server.folder.at("mac")
  const files = readdirSync(folder)
  assert.equal(files.length, examination.outputs.length + 2)
  const whole = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n")
  for (const secret of ["adalove", "Lovelace", "J7Q2XW9KLM", "d2:11:e5", "10.42.7", "3B6E1D70"]) {
    assert.ok(!whole.includes(secret), secret)
  }
  // What is read from the masked folder is what is read from the Mac itself, but for what was masked.
  const plain = server.folder.at("plain")
  mkdirSync(plain)
  const { commands } = JSON.parse(readFileSync(join(folder, "windfall-record.json"), "utf8")) as {
    commands: { file: string; command: string }[]
  }
  for (const [at, { file }] of commands.entries())
    writeFileSync(join(plain, file), examination.outputs[at]?.stdout ?? "")
  writeFileSync(join(plain, "windfall-record.json"), readFileSync(join(folder, "windfall-record.json")))
  assert.deepEqual(factsOf(folder), factsOf(plain))
  const facts = await windfall(server, ["facts", "mac", "--json"])
  assert.equal(facts.exitCode, 0, facts.stdout.slice(0, 500))
  const last = JSON.parse(facts.stdout.trim().split("\n").at(-1) ?? "") as { facts: { name: string; value: unknown }[] }
  assert.equal(last.facts.find(({ name }) => name === "modelName")?.value, "Mac Studio (M3 Ultra, 2025)")
  assert.equal(last.facts.find(({ name }) => name === "hostVerdict")?.value, "accepted")
})

test("a record is written whole or not at all, never over something, and only for its owner and administrators", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("mac-1", MAC_FACTS)
  answers(host, () => macExamination({}, { extent: "record" }))
  server.folder.write({ "full/x": "kept", "empty/": "", file: "" })
  const run = (folder: string, token?: string) => windfall(server, ["doctor", "mac-1", "--record", folder], token)
  for (const place of ["full", "file", "nowhere/below"]) {
    const refused = await run(place)
    assert.equal(refused.exitCode, 2, place)
    assert.match(refused.stderr, /^Cannot record into /)
  }
  assert.deepEqual(readdirSync(server.folder.at("full")), ["x"])
  assert.equal((await run("empty")).exitCode, 0)
  await server.call("POST", "/v1/users", { name: "eva", role: "user" })
  const { token } = await server.call<{ token: string }>("POST", "/v1/tokens", { user: "eva" })
  const other = await run("new", token)
  assert.equal(other.exitCode, 2)
  assert.match(other.stderr, /it is not your Mac/)
  host.examine = async function* () {
    yield Buffer.from(`${JSON.stringify(MAC_HEAD)}\n`)
  }
  assert.notEqual((await run("new")).exitCode, 0)
  assert.ok(!existsSync(server.folder.at("new")))
  assert.deepEqual(
    readdirSync(server.folder.path).filter((name) => name.includes(".part")),
    [],
  )
})

function factsOf(folder: string): ReadonlyMap<string, unknown> {
  const MASKED = new Set(["defaultGateway", "consoleUser", "loginOf", "loginFrom", "volumeOptions", "sshService"])
  const facts = readFactGroup(folder).record?.sheet.facts() ?? []
  const plain = facts.filter(({ name }) => !MASKED.has(name))
  assert.ok(plain.length > 60, `${plain.length} facts`)
  return new Map(plain.map((fact) => [`${fact.name} ${fact.of ?? ""}`, fact.known ? fact.value : fact.reason]))
}

async function windfall(server: TestServer, words: readonly string[], token = server.adminToken): Promise<Ended> {
  const main = join(import.meta.dirname, "../../cli/main.ts")
  await using child = new Child(process.execPath, [main, ...words], {
    cwd: server.folder.path,
    env: { HOME: server.folder.path, WINDFALL_URL: server.running.url, WINDFALL_TOKEN: token },
  })
  return await child.ended
}
