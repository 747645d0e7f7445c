import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { WindfallError } from "./errors.ts"
import { JOB_FIELD_KEYS } from "./job-fields.ts"
import { readJobFile } from "./job-file.ts"
import { jobFileSchema } from "./job-schema.ts"
import { toJobSpec } from "./job-values.ts"

test("a job file keeps the bounds of durations, and no name is both a variable and a secret", () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => readJobFile(`command: make\n${text}`, "windfall.yml", {}), { code: "invalid_input", message })
  refused("grace: 400d\n", /windfall\.yml:2:8: grace: "400d" is too long: 1d at most/)
  refused("time: 367d\n", /:2:7: time: "367d" is too long: 366d at most/)
  refused("env: [TOK=x]\nsecrets: [TOK]\n", /:3:1: cannot send with both --env TOK and --secret TOK/)
  assert.equal(readJobFile("command: make\ntime: 366d\ngrace: 1d\n", "windfall.yml", {}).length, 1)
})

test("readJobFile() reads everything that send can say", () => {
  const text = `
name: train
command: [python, train.py, --epochs, 3]
memory: 48G
gpu: 1
cores: 4
time: 2h30m
env:
  EPOCHS: 3
  VERSION: 1.10
  HOME_TOO:
secrets: [HF_TOKEN]
include:
  - data
outputs: results/**
checkpoint: [kept/**]
retry: 2
retry-after-silence: 30m
needs-lan: true
`
  const [job] = readJobFile(text, "windfall.yml", { HOME_TOO: "/here" })
  assert.deepEqual(job, {
    command: ["python", "train.py", "--epochs", "3"],
    values: {
      name: "train",
      memory: 48 * 1024 ** 3,
      gpu: 1,
      cores: 4,
      time: 9_000_000,
      env: ["EPOCHS=3", "VERSION=1.10", "HOME_TOO"],
      secrets: ["HF_TOKEN"],
      include: ["data"],
      outputs: ["results/**"],
      checkpoint: ["kept/**"],
      retry: 2,
      "retry-after-silence": 1_800_000,
      "needs-lan": true,
    },
  })
})

test("a command that is a text is a line for the shell; several jobs are several documents", () => {
  const jobs = readJobFile("command: make && ./run\n---\ncommand: [true]\n---\n", "w.yml", {})
  assert.deepEqual(
    jobs.map((job) => job.command),
    [["/bin/sh", "-c", "make && ./run"], ["true"]],
  )
})

test("problems are told with line and column and what was meant, all at once", () => {
  const text = "command: x\nmemmory: 4G\ntime: 30\n  \nmem: 1G\npty: maybe\nname: 12\nenv: {A B: 1}\n"
  assert.throws(
    () => readJobFile(text, "windfall.yml", {}),
    (error) => {
      assert.ok(error instanceof WindfallError)
      assert.equal(error.exitCode, 2)
      const lines = error.message.split("\n  ")
      assert.equal(lines[0], "Cannot read windfall.yml: 6 problems")
      assert.equal(lines[1], 'windfall.yml:2:1: unknown key "memmory": did you mean memory?')
      assert.match(lines[2] ?? "", /^windfall.yml:3:7: time: "30" has no unit: write 30m .* or 30s/)
      assert.equal(lines[3], 'windfall.yml:5:1: unknown key "mem": did you mean memory?')
      assert.match(lines[4] ?? "", /^windfall.yml:6:6: pty: "maybe" is neither true nor false/)
      assert.match(lines[5] ?? "", /^windfall.yml:7:7: name: a name made of digits alone/)
      assert.match(lines[6] ?? "", /^windfall.yml:8:7: "A B" cannot be a variable/)
      return true
    },
  )
})

test("a variable without a value is told with its place when the sender has none either, and so is what is wrong as a whole", () => {
  for (const [text, message] of [
    ["command: x\nenv: [A, B=2, C]\n", /^Cannot read w\.yml:2:15: env: C has no value, and is not set here either/],
    ["command: x\nenv:\n  A:\n  C:\n", /w\.yml:4:3: env: C has no value/],
    ["command: x\nenv: [1A=x]\n", /w\.yml:2:7: "1A" cannot be a variable/],
    ["command: x\nenv: [A, [B]]\n", /w\.yml:2:10: env must be a list/],
    [`command: x\nenv: {B: ${"x".repeat(300_000)}}\n`, /w\.yml:2:1: cannot send 293 KB of variables/],
    ["command: x\n---\nretry: 1\nonce: true\ncommand: y\n", /w\.yml:4:1: cannot send with both --once and --retry/],
    ["pty: true\nstdin: f\ncommand: y\n", /w\.yml:1:1: cannot send with both --pty and --stdin/],
    ["command: y\nfolder: d\nno-folder: true\n", /w\.yml:3:1: cannot send with both --folder and --no-folder/],
    ["no-folder: true\ncommand: y\ninclude: d\n", /w\.yml:3:1: cannot include d: with --no-folder nothing travels/],
    ["command: y\noutputs: [a, ../b]\n", /w\.yml:2:1: cannot bring "\.\.\/b" home/],
    ['command: [""]\n', /w\.yml:1:1: cannot send this command: its first word/],
  ] as const) {
    assert.throws(() => readJobFile(text, "w.yml", { A: "1" }), { name: "WindfallError", message })
  }
  assert.equal(readJobFile("command: x\nenv: [A]\n", "w.yml", { A: "" }).length, 1)
})

test("malformed YAML, a missing command, a twice given key and an empty file are refused", () => {
  for (const [text, message] of [
    ["command: [a\n", /w.yml:\d+:\d+/],
    ["name: x\n", /w.yml:1:1: the command is missing/],
    ["command: a\ncommand: b\n", /w.yml:2:1: this key stands twice/],
    ["command: a\nenv: {A: 1, B: 2, A: 3}\n", /w.yml:2:19: this key stands twice/],
    [`command: a\nenv: ${"[".repeat(20_000)}\n`, /^Cannot read w.yml:2:\d+: it is nested too deeply: a job is lines/],
    ["", /w.yml:1:1: it describes no job/],
    ["- a\n", /here a job must be described/],
    ["command: {}\n", /the command must be a line/],
    ["command: a\nmemory: [1G]\n", /memory takes one value, for instance 48G/],
    ["command: a\noutputs: *.csv\n", /must be quoted/],
  ] as const) {
    assert.throws(
      () => readJobFile(text, "w.yml", {}),
      (error) => {
        assert.match((error as Error).message, message)
        return true
      },
    )
  }
})

test("as many variables as a job's environment may have are read, and each once", () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `  V${i}: x\n`)
  const text = `command: make\nenv:\n${lines.join("")}`
  assert.equal(Object.keys(readJobFile(text, "w.yml", {})[0]?.values.env ?? {}).length, 20_000)
  assert.throws(() => readJobFile(`${text}  V19999: y\n`, "w.yml", {}), /w.yml:20003:3: this key stands twice/)
})

test("the published schema is the one the table makes", () => {
  const published: { properties: object } = JSON.parse(
    readFileSync(new URL("../../docs/windfall.schema.json", import.meta.url), "utf8"),
  )
  assert.deepEqual(published, jobFileSchema(), "run: node scripts/write-schema.ts")
  assert.deepEqual(Object.keys(published.properties), ["command", ...JOB_FIELD_KEYS])
})

test("the schema takes the durations that the reader takes", () => {
  const { properties } = jobFileSchema() as { properties: { time: { pattern: string } } }
  const { pattern } = properties.time
  const isRead = (time: string): boolean => {
    try {
      return readJobFile(`command: make\ntime: "${time}"\n`, "w.yml", {}).length === 1
    } catch {
      return false
    }
  }
  for (const time of ["90s", "1.5h", "1d 12h 30m", "30m500ms", "5000ms", "1:30:00", "1-00:00:00"]) {
    assert.deepEqual([new RegExp(pattern).test(time), isRead(time)], [true, true], time)
  }
  for (const time of ["1h1h", "30m1h", "", "30", "5", "h", "1:30"]) {
    assert.deepEqual([new RegExp(pattern).test(time), isRead(time)], [false, false], time)
  }
})

test("toJobSpec() refuses what cannot be sent, naming it", () => {
  const facts = {
    kind: "task",
    command: ["x"],
    environment: { A: "1" },
    workspace: null,
    workingFolder: "",
    stdin: null,
    terminal: null,
    git: null,
  } as const
  assert.deepEqual(toJobSpec({ env: ["A", "B=b=c", "C="] }, facts).env, { A: "1", B: "b=c", C: "" })
  assert.equal(toJobSpec({ "stop-signal": "int" }, facts).stopSignal, "SIGINT")
  assert.throws(() => toJobSpec({}, { ...facts, command: [] }), /there is no command/)
  assert.throws(() => toJobSpec({}, { ...facts, command: ["a\0b"] }), /NUL/)
  for (const outside of ["../x", "/etc/passwd", "a/../../b"]) {
    assert.throws(() => toJobSpec({ outputs: [outside] }, facts), /home: it lies outside the folder/)
  }
  assert.throws(() => toJobSpec({ outputs: ["./"] }, facts), /it names nothing/)
  assert.throws(
    () => toJobSpec({ checkpoint: ["../x"] }, facts),
    /keep "\.\.\/x" for its next attempt: it lies outside/,
  )
  assert.deepEqual(toJobSpec({ checkpoint: ["kept/**"] }, facts).checkpoint, ["kept/**"])
  assert.deepEqual(toJobSpec({ checkpoint: ["none"] }, facts).checkpoint, [])
  assert.equal(toJobSpec({}, facts).checkpoint, null)
  const long = "a".repeat(1000)
  assert.throws(() => toJobSpec({ outputs: new Array(20).fill(`${long}*`) }, facts), /send 20020 characters of output/)
  assert.equal(toJobSpec({ outputs: new Array(20).fill(long) }, facts).outputs?.length, 20)
  assert.deepEqual(toJobSpec({ outputs: ["./a", "b/**", "..c"] }, facts).outputs, ["./a", "b/**", "..c"])
  assert.throws(() => toJobSpec({ env: ["NOPE"] }, facts), /NOPE from here: it is not set/)
  assert.throws(() => toJobSpec({ env: ["1A=x"] }, facts), /Cannot set the variable "1A"/)
  assert.throws(() => toJobSpec({ env: ["WINDFALL_JOB=x"] }, facts), /Windfall's own/)
  assert.throws(() => toJobSpec({ env: ["__proto__=x"] }, facts), /Cannot set the variable "__proto__"/)
  assert.throws(() => toJobSpec({ env: [`A=${"x".repeat(10 * 1024 ** 2)}`] }, facts), /10241 KB of variables/)
  assert.throws(() => toJobSpec({ once: true, retry: 1 }, facts), /--once and --retry/)
  assert.throws(() => toJobSpec({ name: "12" }, facts), /digits alone/)
  assert.throws(() => toJobSpec({ "stop-signal": "SIGSTOP" }, facts), /SIGSTOP/)
})
