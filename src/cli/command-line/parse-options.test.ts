import assert from "node:assert/strict"
import { test } from "node:test"
import { parseDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { jobOptions, jobValues } from "../send/job-options.ts"
import { flag, list, value } from "./option.ts"
import { parseOptions } from "./parse-options.ts"

const TABLE = {
  follow: flag("follow", { short: "f" }),
  verbose: flag("verbose", { short: "v" }),
  tail: value("N", "lines", Number, { short: "n" }),
  retryAfter: value("DURATION", "silence", parseDuration),
  label: list("NAME=VALUE", "labels", { short: "l" }),
}

test("options are read in every usual spelling, before and after operands", () => {
  const { options, operands } = parseOptions(
    ["-fn5", "12", "--retry-after=10m", "-l", "a=1", "--label", "b=2", "13"],
    TABLE,
  )
  assert.deepEqual(operands, ["12", "13"])
  assert.deepEqual(options, { follow: true, verbose: false, tail: 5, retryAfter: 600_000, label: ["a=1", "b=2"] })
})

test("-- ends the options, and so does the first operand of a command that runs another", () => {
  assert.deepEqual(parseOptions(["-f", "--", "-v", "--", "x"], TABLE).operands, ["-v", "--", "x"])
  const { options, operands } = parseOptions(["-f", "python", "-v", "--tail"], TABLE, { operandsEnd: true })
  assert.deepEqual(operands, ["python", "-v", "--tail"])
  assert.equal(options.verbose, false)
})

test("an unknown option is refused with the nearest one", () => {
  refused(["--folow"], /Cannot read --folow: there is no such option/, /Did you mean --follow\?/)
  refused(["-x"], /Cannot read -x/, /windfall --help/)
  refused(["-fx"], /Cannot read -x/)
})

test("a missing, bad or contradictory value is refused", () => {
  refused(["--tail"], /Cannot read --tail: it needs a value, --tail N/)
  refused(["--tail", "--", "x"], /needs a value/)
  refused(
    ["--retry-after", "30"],
    /Cannot read --retry-after 30: "30" has no unit: write 30m for minutes .* or 30s for seconds/,
  )
  refused(["-n1", "--tail", "2"], /--tail is given twice, as 1 and 2/)
  refused(["--follow=yes"], /--follow takes no value/)
  assert.equal(parseOptions(["-n1", "--tail=1"], TABLE).options.tail, 1)
})

test("the habits of Slurm users are understood", () => {
  const { options } = parseOptions(
    ["--mem=48G", "--cpus", "4", "-t", "1:30:00", "-J", "train", "-w", "studio", "-p", "apple_gpu"],
    jobOptions(),
  )
  assert.deepEqual(jobValues(options), {
    memory: 48 * 1024 ** 3,
    cores: 4,
    time: 5_400_000,
    name: "train",
    host: "studio",
    partition: "apple_gpu",
  })
})

test("--gpu takes a number, none, or its opposite; --stdin never takes the command's first word", () => {
  const gpu = (...words: string[]) => parseOptions(words, jobOptions(), { operandsEnd: true })
  assert.equal(gpu("--gpu", "--", "x").options.gpu, 1)
  assert.equal(gpu("--gpu", "0", "x").options.gpu, 0)
  assert.equal(gpu("--gpu=0").options.gpu, 0)
  assert.equal(gpu("--no-gpu").options.gpu, 0)
  const stdin = gpu("--stdin", "cat")
  assert.equal(stdin.options.stdin, "-")
  assert.deepEqual(stdin.operands, ["cat"])
  assert.equal(gpu("--stdin=in.txt").options.stdin, "in.txt")
})

function refused(words: string[], message: RegExp, hint = /^/): void {
  assert.throws(
    () => parseOptions(words, TABLE),
    (error) => {
      assert.ok(error instanceof WindfallError)
      assert.equal(error.exitCode, 2)
      assert.match(error.message, message)
      assert.match(error.hint ?? "", hint)
      return true
    },
  )
}
