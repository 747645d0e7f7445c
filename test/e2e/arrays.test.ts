import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { JobList } from "../../src/protocol/api.ts"
import type { JobView } from "../../src/protocol/job.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })

const view = (target: string | number) => pool().api<JobView>("GET", `/v1/jobs/${target}`)

/** Each task says its index to a file, waits until it may go on, and fails as number 5. */
const SCRIPT = `${ACCOUNT_HOME}
echo "task $WINDFALL_ARRAY_INDEX of $WINDFALL_ARRAY_COUNT"
echo "$WINDFALL_ARRAY_INDEX" > result.txt
while [ ! -e "$A/all" ] && [ ! -e "$A/$WINDFALL_ARRAY_INDEX" ]; do sleep 0.1; done
[ "$WINDFALL_ARRAY_INDEX" != 5 ] || exit 7
`

/** Lets a task go on, or all of them. */
function open(gate: string): void {
  for (const { files } of pool().hosts) writeFileSync(join(files, gate), "")
}

test("an array of eight, three at a time: one fails, a part is stopped, the server is killed in between, another goes task by task after it", async () => {
  const folder = pool().scratch.write({ "task.sh": SCRIPT }, "sweep")
  const sent = await pool().windfall(
    ["send", "-q", "-d", "--gpu", "0", "-J", "sweep", "--array", "1-8%3", "--", "sh", "task.sh"],
    { cwd: folder },
  )
  assert.equal(sent.exitCode, 0, sent.stderr)
  const id = Number(sent.stdout)
  await pool().untilJob(id, (job) => job.array?.counts.running === 3)
  const ofArray = await pool().windfall(["ps", "--array", `${id}`])
  assert.match(ofArray.stdout, new RegExp(`${id}_\\[4-8%3\\] +sweep +running .*5 wait`), ofArray.stdout)
  const ps = await pool().windfall(["ps"])
  assert.match(ps.stdout, new RegExp(`${id}_\\[4-8%3\\] +sweep +running .*0 of 8 tasks done, 3 run, 5 wait`), ps.stdout)
  assert.match(ps.stdout, new RegExp(`${id}_1 +sweep +running`), ps.stdout)
  const queue = await pool().windfall(["queue"])
  assert.match(queue.stdout, new RegExp(`1 +${id}_\\[4-8%3\\] sweep .*as many as may at a time`), queue.stdout)

  const early = pool().start(["attach", "--quiet", `${id}_6`])
  const printed = pool().start(["logs", "--follow", `${id}`])
  const after = await pool().windfall([
    "send",
    "-q",
    "-d",
    "--no-folder",
    "--gpu",
    "0",
    "--array",
    "1-8",
    "--after",
    `corresponding:${id}`,
    "--",
    "true",
  ])
  assert.equal(after.exitCode, 0, after.stderr)
  const second = Number(after.stdout)
  open("2")
  await pool().untilJob(second, (job) => job.array?.counts.succeeded === 1)

  const stop = await pool().windfall(["stop", `${id}_[7-8]`])
  assert.match(stop.stdout, /2 stopped/, stop.stderr)
  // Of the whole it is not said.
  assert.match(stop.stdout, new RegExp(`^tasks ${id}_\\[7-8\\]: stopped, or stopping where they run; job ${id}`))
  assert.doesNotMatch(stop.stdout, /stopped by/)
  await pool().server.kill9()
  open("1")
  await pool().server.start()
  const logs = await pool().windfall(["logs", `${id}_2`])
  assert.equal(logs.stdout, "task 2 of 8\n", logs.stderr)
  open("all")

  const attached = await pool().windfall(["attach", "sweep"], { cwd: folder })
  assert.equal(attached.exitCode, 7, attached.stderr)
  assert.match(attached.stderr, new RegExp(`${id}_5 failed with exit code 7: windfall logs ${id}_5`))
  assert.match(attached.stderr, /5 of 8 tasks succeeded, 1 failed, 2 stopped; the files of 6 tasks/)
  assert.deepEqual(readdirSync(join(folder, `array-${id}`)).sort(), ["1", "2", "3", "4", "5", "6"])
  assert.equal(readFileSync(join(folder, `array-${id}`, "4", "result.txt"), "utf8"), "4\n")
  // Watched from before it began, past the crash of the server.
  const watched = await early.ended
  assert.deepEqual([watched.exitCode, watched.stdout], [0, "task 6 of 8\n"], watched.stderr)
  // Each task's lines once, as they began.
  const followed = await printed.ended
  assert.equal(followed.exitCode, 0, followed.stderr)
  const lines = [1, 2, 3, 4, 5, 6].map((index) => `[${index}] task ${index} of 8`)
  assert.deepEqual(followed.stdout.trim().split("\n").sort(), lines)
  assert.equal((await pool().windfall(["logs", `${id}`])).stdout, `${lines.join("\n")}\n`)
  const ended = await view(id)
  assert.deepEqual([ended.state, ended.exitCode], ["failed", 7])
  const { jobs } = await pool().api<JobList>("GET", `/v1/jobs?array=${id}`)
  assert.deepEqual(
    jobs.map(({ attempts }) => attempts.length),
    [1, 1, 1, 1, 1, 1],
  )

  const waited = await pool().windfall(["wait", `${second}`])
  assert.equal(waited.exitCode, 125, waited.stderr)
  const { array } = await view(second)
  assert.deepEqual([array?.counts.succeeded, array?.counts.failed], [5, 3])
  assert.deepEqual(array?.failures.map(({ index }) => index).sort(), [5, 7, 8])
  const why = await pool().windfall(["why", `${second}_7`])
  assert.match(why.stdout, /cannot come about|ended/, why.stderr)
  assert.ok(existsSync(join(folder, `array-${id}`, "1", "result.txt")))

  const stayed = await pool().windfall([
    "send",
    "--no-folder",
    "--gpu",
    "0",
    "--array",
    "0-3",
    "--",
    "sh",
    "-c",
    "echo $WINDFALL_ARRAY_INDEX",
  ])
  assert.equal(stayed.exitCode, 0, stayed.stderr)
  assert.match(stayed.stderr, /succeeded: all 4 tasks did/)
  const wrong = await pool().windfall(["send", "--no-folder", "--array", "5-1", "--", "true"])
  assert.deepEqual([wrong.exitCode, /"5-1" goes down/.test(wrong.stderr)], [2, true], wrong.stderr)
})
