import assert from "node:assert/strict"
import { chmodSync, existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Child, type Ended } from "../../test/support/child.ts"
import { ggufHeader } from "../../test/support/gguf-file.ts"
import { smallModel } from "../../test/support/hive-models.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"

const MAIN = join(import.meta.dirname, "main.ts")

test("in a folder that was removed it is said so", async () => {
  for (const words of [["send", "--", "true"], ["up"], ["apply"]]) {
    using scratch = new ScratchFolder()
    const { exitCode, stderr } = await run(scratch, words, { before: 'mkdir gone; cd gone; rmdir "$PWD"; ' })
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, /^Cannot use the folder you are in: it was removed\n {2}Change/)
  }
})

test("a verb that JavaScript knows and Windfall does not is unknown, also to help", async () => {
  using scratch = new ScratchFolder()
  for (const words of [["constructor"], ["__proto__"], ["help", "toString"], ["help", "nonsense"]]) {
    const { exitCode, stdout, stderr } = await run(scratch, words)
    assert.equal(exitCode, 2, stderr)
    assert.equal(stdout, "")
    assert.match(stderr, /there is no such command/)
  }
  const known = await run(scratch, ["help", "host"])
  assert.equal(known.exitCode, 0)
  assert.match(known.stdout, /host add/)
})

test("a word that is a command and the room of others: help shows them all, a wrong second word is a mistake", async () => {
  using scratch = new ScratchFolder()
  for (const words of [
    ["help", "data"],
    ["data", "--help"],
  ]) {
    const { exitCode, stdout, stderr } = await run(scratch, words)
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^ {2}data add .*\n {2}data ls .*\n {2}data show .*\n {2}data rm /)
  }
  for (const words of [
    ["help", "data", "ad"],
    ["data", "ad"],
  ]) {
    const { exitCode, stderr } = await run(scratch, words)
    assert.equal(exitCode, 2)
    assert.match(stderr, /^Cannot run data ad: there is no such command\n {2}Did you mean windfall data add\?\n$/)
  }
  assert.match((await run(scratch, ["help", "data", "add"])).stdout, /^Name\n {2}windfall data add:/)
})

test("standard output that cannot be written is said to be that", { skip: !existsSync("/dev/full") }, async () => {
  using scratch = new ScratchFolder()
  const { exitCode, stderr } = await run(scratch, ["--help"], { after: " >/dev/full" })
  assert.equal(exitCode, 125)
  assert.match(stderr, /^Cannot write standard output: there is no room where it goes\n/)
})

test("standard error that cannot be written changes no exit code", { skip: !existsSync("/dev/full") }, async () => {
  using scratch = new ScratchFolder()
  const { exitCode } = await run(scratch, ["nonsense"], { after: " 2>/dev/full" })
  assert.equal(exitCode, 2)
})

test("a job file that is not UTF-8 is refused, and a time limit that is too long by its flag", async () => {
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("windfall.yml"), Buffer.from("command: echo \xff\n", "latin1"))
  const file = await run(scratch, ["apply"])
  assert.equal(file.exitCode, 2)
  assert.match(file.stderr, /^Cannot read windfall\.yml: it is not UTF-8 text/)
  const long = await run(scratch, ["send", "--time", "99999999d", "--", "true"])
  assert.equal(long.exitCode, 2)
  assert.match(long.stderr, /^Cannot read --time 99999999d: "99999999d" is too long: 366d at most/)
})

test("a job file is read no further than it may be long", async () => {
  using scratch = new ScratchFolder()
  const { exitCode, stderr } = await run(scratch, ["apply", "-f", "-"], { before: "yes | " })
  assert.equal(exitCode, 2)
  assert.match(stderr, /^Cannot read standard input: a job file may have 1 MB\n {2}Put large values into files/)
  // Fewer characters than that, but more bytes.
  writeFileSync(scratch.at("windfall.yml"), `command: ${"é".repeat(600_000)}\n`)
  assert.match((await run(scratch, ["apply"])).stderr, /^Cannot read windfall\.yml: a job file may have 1 MB/)
})

test("a command that waits for standard input to end says so", async () => {
  using scratch = new ScratchFolder()
  await using child = new Child(process.execPath, [MAIN, "send", "--no-folder", "--stdin", "--", "true"], {
    env: { HOME: scratch.path, WINDFALL_URL: "http://127.0.0.1:1", WINDFALL_TOKEN: "t" },
    openInput: true,
  })
  child.process.stdin.write("hello")
  await child.says("windfall: reading standard input: 5 B so far; the job is sent when it has ended\n", "stderr")
  child.process.stdin.end()
  assert.match((await child.ended).stderr, /nothing listens there/)
})

test("a server is not started on what is no folder, and says why", async () => {
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("file"), "")
  const cases: [data: string, why: RegExp][] = [
    [scratch.at("file"), /it is no folder/],
    [scratch.at("file/below"), /file is no folder/],
  ]
  if (existsSync("/proc/self")) cases.push(["/proc/windfall/data", /no folder can be made in \/proc/])
  if (process.getuid?.() !== 0) {
    chmodSync(scratch.path, 0o500)
    cases.push([scratch.at("closed"), /permission denied/])
  }
  for (const [data, why] of cases) {
    for (const more of [[], ["--detach"]]) {
      const { exitCode, stderr } = await run(scratch, ["up", "--port", "0", "--data", data, ...more])
      assert.equal(exitCode, 2, stderr)
      assert.match(stderr, why)
      assert.match(stderr, /--data/)
    }
  }
  chmodSync(scratch.path, 0o700)
})

/** The command line itself, through a shell that goes to the folder first. */
async function run(
  scratch: ScratchFolder,
  words: readonly string[],
  { before = "", after = "" }: { before?: string; after?: string } = {},
): Promise<Ended> {
  const script = `${before}exec "$@"${after}`
  await using child = new Child("/bin/sh", ["-c", script, "sh", process.execPath, MAIN, ...words], {
    cwd: scratch.path,
    env: { HOME: scratch.path, WINDFALL_URL: "http://127.0.0.1:1", WINDFALL_TOKEN: "t" },
  })
  return await child.ended
}

test("what others wrote does not steer the terminal: not in what is refused, not in a plan, not in JSON", async () => {
  using scratch = new ScratchFolder()
  const fleet = join(scratch.path, "fleet.json")
  writeFileSync(fleet, JSON.stringify([{ name: "studio", chip: "M2 \u001b[31mUltra", memory: "64G" }]))
  const plan = async (header: Buffer, ...more: readonly string[]) => {
    const model = join(scratch.path, "m.gguf")
    writeFileSync(model, header)
    const ended = await run(scratch, ["model", "plan", "--fleet", fleet, ...more, model])
    assert.doesNotMatch(ended.stdout + ended.stderr, /[^\n\x20-\x7e]/)
    return ended
  }
  const { metadata, tensors } = smallModel(2)
  const named = "x\u001b[31m\r\u202eand\u009b2J"
  const odd = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.replace("llama", named), value]))
  const { header } = ggufHeader({ ...odd, "general.architecture": named }, tensors)
  const refused = await plan(header)
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /architecture "x\\x1b\[31m\\x0d\\u202eand\\x9b2J"[^\n]*\n {2}\S/)
  assert.match((await plan(header, "--json")).stdout, /"x\\u001b\[31m\\r\\u202eand\\u009b2J/)
  const shown = await plan(header, "--any-architecture")
  assert.match(shown.stdout, /x\\x1b\[31m/)
  const twice = tensors.map((tensor) => ({ ...tensor, name: "blk.0.\u001b]0;title\u0007" }))
  assert.match((await plan(ggufHeader(metadata, twice).header)).stderr, /two tensors "blk\.0\.\\x1b\]0;title\\x07"/)
})
