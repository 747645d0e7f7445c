/** A Mac is its owner's first: the whole way, from the key that is pressed there to the job's state at the server and back. */
import assert from "node:assert/strict"
import { chownSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { WindfallEvent } from "../../src/protocol/events.ts"
import { macViewOf } from "../../src/protocol/mac-view.ts"
import type { OwnerView } from "../../src/protocol/owner-api.ts"
import {
  answerName,
  type OwnerWish,
  REQUEST_FOLDER,
  readAnswer,
  requestName,
  requestText,
} from "../../src/protocol/owner-request.ts"
import { eventually } from "../support/agent-home.ts"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const HOUR_MS = 3_600_000
/** Leaves group, session and parents at once. */
const DAEMON = "perl -MPOSIX -e 'exit if fork; setsid; exit if fork; exec qw(sleep 3600)'"
/** Prints a number now and then, and says when it is asked to end. */
const WORK = "trap 'echo asked; exit 7' TERM; n=0; while :; do n=$((n + 1)); echo $n; sleep 0.1; done"
const pool = usePool({ hosts: [{ kind: "mac" }], server: { timing: TIMING, labMacs: true } })

const host = () => pool().hosts[0]!
const mac = () => host().mac
const rules = (change: Record<string, string | null>) =>
  pool().api("POST", `/v1/hosts/${host().name}/owner/rules`, { rules: change })

/** Processes of jobs on the Mac, as this machine sees them. */
const atWork = () =>
  host()
    .processes()
    .filter(({ command }) => command.includes("echo asked") || command.startsWith("sleep"))
/** Who waits in the kernel for a child that is stopped counts as stopped: a shell that has just forked one. */
const isStopped = ({ pid }: { readonly pid: number }) =>
  /\) [TD] /.test(existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "")

async function startWork(): Promise<number> {
  const { id } = await pool().submit({ command: ["sh", "-c", `${DAEMON}; ${WORK}`] })
  await pool().untilState(id, "running")
  await eventually(async () => (await pool().log(id)).includes("2\n"), "a job at work")
  return id
}

test("somebody comes, and the job stops; when nobody is there any more it goes on; who comes to stay has it ended", async () => {
  mac().owner("leaves", { idleMs: HOUR_MS })
  // Whoever types counts as there for a second.
  await rules({ resume_after_idle: "1s", vacate_after: "10m" })
  const id = await startWork()
  const follower = pool().start(["attach", `${id}`])
  await follower.says("2\n")
  mac().owner("works", { user: "lena" })
  const job = await pool().untilState(id, "suspended")
  assert.ok(atWork().every(isStopped), "the whole tree")
  assert.ok(
    atWork().some(({ command }) => command === "sleep 3600"),
    "with its daemon",
  )
  // The Mac's own agent and the server say the same in the same words.
  const { mac: own } = await ask({ verb: "status" }, "status")
  const viewed = macViewOf(await pool().api<OwnerView>("GET", `/v1/hosts/${host().name}/owner`))
  assert.ok(own)
  assert.deepEqual(Object.keys(own).sort(), Object.keys(viewed).sort())
  for (const key of ["name", "owner", "consoleAccount", "lever", "preset", "policy", "timeZone", "heard"] as const) {
    assert.deepEqual(own[key], viewed[key], key)
  }
  // Each end has its own clock, and only the Mac's says by what somebody was noticed.
  const plain = ({ jobs }: Pick<OwnerView, "jobs">) =>
    jobs.map(({ since, suspended, ...rest }) => ({ ...rest, began: since !== null, why: suspended?.code }))
  assert.deepEqual([own.answeredBy, plain(own)], ["mac", plain(viewed)])
  assert.deepEqual(
    own.obstacles.map(({ code }) => code),
    viewed.obstacles.map(({ code }) => code),
  )
  const now = readFileSync(join(mac().sharedFolder, "Windfall", "Now.txt"), "utf8")
  assert.match(now, new RegExp(`You: here|Job ${job.id} `))
  mac().owner("leaves", { idleMs: 0 })
  await pool().untilState(id, "running")
  const bytes = (await pool().log(id)).length
  await eventually(async () => (await pool().log(id)).length > bytes, "the job going on")
  assert.ok(!atWork().some(isStopped), "all of it")
  await follower.says(new RegExp(`job ${id} goes on on ${host().name}`), "stderr")

  await rules({ vacate_after: "1s", resume_after_idle: "10m" })
  mac().owner("works", { user: "lena" })
  await pool().untilJob(id, ({ attempts }) => attempts[0]?.cause === "owner_returned")
  const waiting = await pool().untilState(id, "queued")
  assert.equal(waiting.attempts.length, 1)
  assert.match((await pool().log(id)).toString(), /asked\n$/)
  // Whoever watches is told so although nothing else can take it.
  await follower.says(new RegExp(`job ${id} is queued again.*: ${host().name}: `), "stderr")
  // What it waits for now, and why it left: for whom, and after how long.
  const left1 = `attempt 1 left ${host().name} because of .*\\(somebody is at it, and it was suspended for longer than `
  for (const words of [["ps"], ["show", `${id}`]]) {
    const { stdout } = await pool().windfall(words)
    assert.match(stdout, new RegExp(`${host().name}: .*; ${left1}`))
  }

  await rules({ vacate_after: "10m", resume_after_idle: "1s", start_after_idle: "1s" })
  mac().owner("leaves", { idleMs: 0 })
  await pool().untilState(id, "running")
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: false })
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
  const { stderr } = await follower.ended
  const told = stderr.split("\n").flatMap((line) => /^windfall: (.*)/.exec(line)?.[1] ?? [])
  const [suspended, again, left, queued, next] = told.filter((line) => !line.includes(" goes on on "))
  assert.equal(suspended, `job ${id} is suspended on ${host().name}: somebody is at it`)
  assert.equal(again, suspended)
  assert.match(left ?? "", new RegExp(`^attempt 1 on ${host().name} stepped aside`))
  // At first for what it wrote, which is on its way, unless that was quicker.
  assert.match(
    queued ?? "",
    new RegExp(`^job ${id} is queued again.*: (Waits for what attempt 1 wrote|${host().name}: )`),
  )
  assert.match(
    next ?? "",
    new RegExp(`^(job ${id} is queued again.*: |job ${id} goes on with attempt 2 on ${host().name})`),
  )
})

test("a pause by file holds although the link is cut, and is told when it is there again", async () => {
  const id = await startWork()
  await host().cut()
  const answer = await ask({ verb: "pause", end: "2h" })
  assert.equal(answer.done, true, answer.text)
  assert.ok(atWork().length > 0 && atWork().every(isStopped), "stopped before it was answered")
  await host().restore()
  await pool().untilState(id, "suspended")
  const { events } = await pool().api<{ events: WindfallEvent[] }>("GET", `/v1/events?job=${id}`)
  const reactions = events.flatMap((event) => (event.type === "attempt_suspended" ? [event.reactionMs] : []))
  assert.ok(reactions.length === 1 && reactions[0] !== 0, `what nobody measured is not 0 ms: ${reactions}`)
  const lever = async () =>
    (await pool().api<{ lever: { pauses: { job?: unknown } } }>("GET", `/v1/hosts/${host().name}/owner`)).lever
  // Told beside what was done for it.
  await eventually(async () => (await lever()).pauses.job !== undefined, "said by the account of jobs")
  await pool().api("POST", `/v1/hosts/${host().name}/owner/resume`, {})
  await pool().untilState(id, "running")
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
})

test("what stepped aside while the link was cut is told and counted when it is there again", async () => {
  await rules({ vacate_after: "1s", resume_after_idle: "10m" })
  const id = await startWork()
  await host().cut()
  mac().owner("works", { user: "lena" })
  await eventually(() => atWork().length === 0, "an empty Mac")
  await host().restore()
  const { attempts } = await pool().untilJob(id, (job) => job.attempts[0]?.cause === "owner_returned")
  assert.match(attempts[0]?.message ?? "", /^It stepped aside: somebody is at it/)
  const { events } = await pool().api<{ events: WindfallEvent[] }>("GET", `/v1/events?job=${id}`)
  const told = events.filter(({ type }) => type === "attempt_suspended" || type === "attempt_vacating")
  assert.deepEqual(
    told.map(({ type }) => type),
    ["attempt_suspended", "attempt_vacating"],
  )
  assert.ok(told.every((event) => "reactionMs" in event && event.reactionMs !== null))
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
})

/** Puts a request into the Mac's folder as whoever has its account. */
async function ask(wish: OwnerWish, id = "e2e") {
  const folder = join(mac().sharedFolder, "Windfall", REQUEST_FOLDER)
  const text = requestText({ ...wish, id, at: Date.now() })
  const file = join(folder, requestName(id))
  writeFileSync(`${file}.new`, text)
  const { uid, gid } = statSync(folder)
  chownSync(`${file}.new`, uid, gid)
  renameSync(`${file}.new`, file)
  const path = join(folder, answerName(id))
  await eventually(() => existsSync(path), "an answer")
  return readAnswer(readFileSync(path, "utf8"))!
}
