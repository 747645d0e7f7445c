import assert from "node:assert/strict"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Child, type Ended } from "../../../test/support/child.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { FACT_NAMES, type FactName } from "../../facts/fact-names.ts"
import { OUTPUT_KINDS } from "../../facts/outputs.ts"
import { readFactGroup } from "./read-fact-files.ts"
import { RECORD_FILE } from "./record.ts"

const BATTERY =
  "Now drawing from 'AC Power'\n -InternalBattery-0 (id=1234567)\t80%; charging; 1:05 remaining present: true\n"

test("windfall facts prints each fact with its key, or why it is unknown, without a server", async () => {
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("pmset-g-batt__mine.txt"), BATTERY)
  writeFileSync(scratch.at("odd.txt"), "nothing that is known\n")
  const one = await run(scratch, ["facts", "pmset-g-batt__mine.txt"])
  assert.equal(one.exitCode, 0, one.stderr)
  assert.match(one.stdout, /^pmset-g-batt__mine\.txt: pmset -g batt\n/)
  assert.match(one.stdout, /batteryPercent +80 +\[InternalBattery-0\]/)
  const all = await run(scratch, ["facts", "--json", "."])
  assert.equal(all.exitCode, 1)
  const lines = all.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  const battery = lines.find(({ file }) => file === "pmset-g-batt__mine.txt")
  assert.deepEqual(battery.facts.at(-1), {
    name: "batteryMinutes",
    known: true,
    value: 65,
    key: "InternalBattery-0",
    file: "pmset-g-batt__mine.txt",
  })
  assert.equal(lines.find(({ file }) => file === "odd.txt").command, null)
  const missing = await run(scratch, ["facts", "pmset-g-batt__mine.txt", "nowhere"])
  assert.equal(missing.exitCode, 2)
  assert.equal(missing.stdout, "")
  assert.match(missing.stderr, /^Cannot read nowhere: there is no such file/)
})

test("what cannot be read is said of the file, and the others are read", () => {
  using scratch = new ScratchFolder()
  mkdirSync(scratch.at("inner"))
  writeFileSync(scratch.at("binary.txt"), Buffer.alloc(5_000))
  writeFileSync(scratch.at("empty.txt"), "")
  writeFileSync(scratch.at("huge.txt"), Buffer.alloc(17 * 1024 * 1024, 97))
  writeFileSync(scratch.at("pmset-g-batt__x.txt"), BATTERY)
  const { files, record } = readFactGroup(scratch.path)
  assert.deepEqual(
    files.map(({ failure, reading }) => failure ?? reading?.note ?? reading?.command),
    ["it is binary", "it is empty", "it has more than 16 MB", "pmset -g batt"],
  )
  assert.equal(record, null)
})

test("a link that leads in a circle, or nowhere, is said, and the others are read", async () => {
  using scratch = new ScratchFolder()
  mkdirSync(scratch.at("outputs"))
  symlinkSync("loop", scratch.at("outputs/loop"))
  symlinkSync("gone", scratch.at("outputs/nowhere"))
  writeFileSync(scratch.at("outputs/pmset-g-batt__x.txt"), BATTERY)
  const { files } = readFactGroup(scratch.at("outputs"))
  assert.deepEqual(
    files.map(({ failure, reading }) => failure ?? reading?.command),
    ["its links lead in a circle", "there is no such file", "pmset -g batt"],
  )
  const { exitCode, stdout, stderr } = await run(scratch, ["facts", "outputs", "outputs/loop"])
  assert.equal(exitCode, 1, stderr)
  assert.match(stdout, /batteryPercent +80/)
  assert.match(stdout, /its links lead in a circle/)
})

test("a folder that is marked as the record of one Mac is told as a whole, too", () => {
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("sysctl__mac.txt"), "hw.model: Mac16,9\nhw.memsize: 68719476736\n")
  writeFileSync(scratch.at("pmset-g-batt__mac.txt"), "Now drawing from 'AC Power'\n")
  const commands = [
    { file: "sysctl__mac.txt", command: "sysctl hw.model hw.memsize", exitCode: 0, outcome: "ended" },
    { file: "pmset-g-batt__mac.txt", command: "pmset -g batt", exitCode: 0, outcome: "ended" },
  ]
  const mark = (record: unknown) => writeFileSync(join(scratch.at(RECORD_FILE)), JSON.stringify(record))
  mark({ format: "windfall-record", version: 1, commands })
  const group = readFactGroup(scratch.path)
  assert.equal(group.record?.sheet.text("modelName"), "Mac Studio (M4 Max, 2025)")
  assert.equal(group.record?.sheet.truth("hasBattery"), false)
  mark({ format: "another" })
  const damaged = readFactGroup(scratch.path)
  assert.equal(damaged.record, null)
  assert.match(damaged.note ?? "", /is damaged/)
})

test("what a record says of commands that did not end, or are not there, is why their facts are unknown", () => {
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("who__mac.txt"), "")
  writeFileSync(scratch.at("sw_vers__mac.txt"), "")
  writeFileSync(scratch.at("sysctl__mac.txt"), "hw.model: Mac16,9\nhw.memsize: 68719")
  writeFileSync(scratch.at("profiles__mac.txt"), "")
  const commands = [
    { file: "who__mac.txt", command: "who", exitCode: null, outcome: "timed_out" },
    { file: "sw_vers__mac.txt", command: "sw_vers", exitCode: null, outcome: "timed_out" },
    { file: "sysctl__mac.txt", command: "sysctl -a", exitCode: null, outcome: "timed_out" },
    { file: "profiles__mac.txt", command: "profiles status", exitCode: null, outcome: "missing" },
    { file: "csrutil__mac.txt", command: "csrutil status", exitCode: null, outcome: "missing" },
    { file: "../fdesetup__mac.txt", command: "fdesetup status", exitCode: null, outcome: "missing" },
  ]
  writeFileSync(scratch.at(RECORD_FILE), JSON.stringify({ format: "windfall-record", version: 1, commands }))
  const { files, record } = readFactGroup(scratch.path)
  const of = (name: string) => files.find(({ file }) => file.endsWith(name))?.reading
  const why = (name: FactName) => {
    const fact = record?.sheet.get(name)
    return fact?.known === false ? fact.reason : fact?.value
  }
  assert.equal(of("who__mac.txt")?.note, "the command did not end in time")
  assert.equal(of("csrutil__mac.txt")?.note, "the command is not there: csrutil status")
  assert.equal(files.length, 5)
  assert.deepEqual(
    (["macosVersion", "bootTimeMs", "modelIdentifier", "isManaged", "isSystemProtected"] as const).map(why),
    ["timed_out", "timed_out", "Mac16,9", "missing_command", "missing_command"],
  )
})

test("docs/facts.md has every fact and every output that is read", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/facts.md"), "utf8")
  for (const [name, meaning] of Object.entries(FACT_NAMES))
    assert.ok(page.includes(`| \`${name}\` | ${meaning} |`), name)
  for (const { command } of OUTPUT_KINDS) assert.ok(page.includes(`| \`${command}\` |`), command)
})

async function run(scratch: ScratchFolder, words: readonly string[]): Promise<Ended> {
  const main = join(import.meta.dirname, "../main.ts")
  await using child = new Child(process.execPath, [main, ...words], {
    cwd: scratch.path,
    env: { HOME: scratch.path, WINDFALL_URL: "http://127.0.0.1:1", WINDFALL_TOKEN: "t" },
  })
  return await child.ended
}
