/** What policy, limits and administrators do to jobs on several hosts: always to all of their members. */
import assert from "node:assert/strict"
import { cpus } from "node:os"
import { test } from "node:test"
import type { JobList } from "../../src/protocol/api.ts"
import type { BookingMade } from "../../src/protocol/booking.ts"
import type { JobView } from "../../src/protocol/job.ts"
import type { UsageView } from "../../src/protocol/usage-api.ts"
import { eventually } from "../support/agent-home.ts"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const pool = usePool({ hosts: 3, server: { timing: TIMING } })

const ALL = ["--cores", `${cpus().length}`]
const WORK = ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 3600 & wait"]

async function send(flags: readonly string[], command: readonly string[] = WORK): Promise<number> {
  const { exitCode, stdout, stderr } = await run("send", "-q", "--no-folder", "-d", ...flags, "--", ...command)
  assert.equal(exitCode, 0, stderr)
  return Number(stdout)
}

const run = (...args: string[]) => pool().windfall(args)

/** Who of the pool's processes are at work, as said by the command that a job has. */
const working = () =>
  pool()
    .hosts.flatMap((host) => host.processes())
    .filter(({ command }) => command.startsWith("sleep 3600"))

const endsOf = ({ attempts }: JobView, number: number) =>
  attempts.filter((one) => one.number === number).map(({ cause }) => cause)

async function policy(text: string): Promise<void> {
  await pool().api("POST", "/v1/policy", { text, dryRun: false })
}

/** What was charged for this user's jobs until now, in seconds on hosts, and for how many of them. */
async function charged(user: string): Promise<{ readonly jobs: number; readonly ranS: number }> {
  const { rows } = await pool().api<UsageView>("GET", "/v1/usage?by=user")
  const row = rows.find(({ name }) => name === user)
  return { jobs: row?.jobs ?? 0, ranS: row?.ranS ?? 0 }
}

async function stop(...jobs: number[]): Promise<void> {
  for (const job of jobs) await pool().api("POST", `/v1/jobs/${job}/stop`, { now: true })
  for (const job of jobs) await pool().awaitJob(job)
}

test("all members are warned before the time limit, and ended by it", async () => {
  const program = "trap 'echo warned' USR1; while :; do sleep 0.05; done"
  const id = await send(["-N", "2", "-t", "4s", "--signal", "USR1@2s", "--grace", "1s"], ["sh", "-c", program])
  const job = await pool().awaitJob(id)
  assert.deepEqual([job.state, job.cause], ["timed_out", "time_limit"], job.reason ?? "")
  for (const rank of ["0", "1"]) assert.equal((await run("logs", `${id}`, "--rank", rank)).stdout, "warned\n", rank)
})

test("a member that holds more memory than was asked for ends all", async () => {
  const grows = `if ($ENV{RANK} == 1) { my @held; for (1 .. 20) { push @held, 'x' x 100_000_000; select(undef, undef, undef, 0.1) } } sleep 3600`
  const id = await send(["-N", "2", "--memory", "300M"], ["perl", "-e", grows])
  const job = await pool().awaitJob(id)
  assert.deepEqual([job.state, job.cause], ["failed", "out_of_memory"], job.reason ?? "")
  assert.deepEqual(endsOf(job, 1), ["member_ended", "out_of_memory"])
  assert.match(job.reason ?? "", /rank 1 on \S+ ended .*held [\d.]+ [MG]B, and 300 MB were asked for/)
})

test("all are preempted together, whatever the mode, and a job on several hosts preempts no more than it needs", async () => {
  const urgent = (mode: string) =>
    policy(`qos: { urgent: { rank: 10, preempts: [normal] } }\npreemption: { by: qos, mode: ${mode}, grace: 5s }`)
  for (const mode of ["requeue", "suspend"]) {
    await urgent(mode)
    const id = await send(["-N", "3", ...ALL])
    await pool().untilState(id, "running")
    const other = await send([...ALL, "--qos", "urgent"])
    await pool().untilState(other, "running")
    const left = await pool().job(id)
    assert.equal(left.state, "queued", mode)
    // Each is asked to leave.
    assert.ok(
      endsOf(left, 1).every((cause) => cause === "preempted" || cause === "member_ended"),
      `${endsOf(left, 1)}`,
    )
    assert.match((await run("why", `${id}`)).stdout, /3 hosts at once/, mode)
    await eventually(() => working().length === 1, "only the urgent one at work")
    await stop(other)
    const again = await pool().untilState(id, "running")
    assert.equal(again.attempts.at(-1)?.number, 2)
    await stop(id)
  }
  await urgent("cancel")
  const id = await send(["-N", "2", ...ALL])
  await pool().untilState(id, "running")
  const others = await Promise.all([send([...ALL, "--qos", "urgent"]), send([...ALL, "--qos", "urgent"])])
  for (const other of others) await pool().untilState(other, "running")
  const cancelled = await pool().awaitJob(id)
  assert.deepEqual([cancelled.state, cancelled.cause], ["cancelled", "preempted"])
  await stop(...others)

  await urgent("requeue")
  const plain = [await send(ALL), await send(ALL), await send(ALL)]
  for (const one of plain) await pool().untilState(one, "running")
  const gang = await send(["-N", "2", ...ALL, "--qos", "urgent"])
  const running = await pool().untilState(gang, "running")
  assert.equal(running.attempts.length, 2)
  const states = await Promise.all(plain.map(async (one) => (await pool().job(one)).state))
  assert.deepEqual(states.sort(), ["queued", "queued", "running"])
  await stop(gang, ...plain)
})

test("each host is charged once, also past a crash of the server and another attempt", async () => {
  await policy("usage: { half-life: none, period: 1s }")
  const token = await pool().addUser("gina")
  const gang = { hosts: 2, onMemberFailure: "end", outputsFrom: "main" } as const
  const { id } = await pool().submit({ command: WORK, gang }, { token })
  const first = await pool().untilState(id, "running")
  await pool().server.kill9()
  await pool().server.start()
  const name = first.attempts[1]!.hostName
  await pool().untilHost(name, ({ link }) => link === "ready")
  assert.equal((await run("mac", "pause", "--host", name)).exitCode, 0)
  await pool().untilJob(id, ({ state, attempts }) => state === "running" && attempts.at(-1)?.number === 2)
  assert.equal((await run("mac", "resume", "--host", name)).exitCode, 0)
  await stop(id)
  const { attempts } = await pool().job(id)
  assert.equal(attempts.length, 4)
  const ranS = attempts.reduce(
    (sum, { startedAt, endedAt, suspendedMs }) => sum + (endedAt! - startedAt!) - (suspendedMs ?? 0),
    0,
  )
  const { jobs, ranS: charges } = await charged("gina")
  assert.equal(jobs, 1)
  assert.ok(Math.abs(charges - ranS / 1000) < 0.05, `${charges} s charged, ${ranS} ms by its members`)
})

test("a hold, another time limit and a lower priority hold for the whole", async () => {
  // Without weights nobody's priority is high enough to be lowered.
  await policy("priority: { weights: { partition: 1000 } }")
  const runs = await send(["-N", "2", ...ALL, "-t", "1h"])
  await pool().untilState(runs, "running")
  const held = await send(["-N", "2", ...ALL, "--hold"])
  assert.equal((await pool().job(held)).state, "held")
  const waits = await send(["-N", "2", ...ALL])
  assert.equal((await run("release", `${held}`)).exitCode, 0)
  assert.equal((await run("nice", `${held}`, "100")).exitCode, 0)
  const { jobs } = await pool().api<JobList>("GET", "/v1/jobs")
  assert.deepEqual(
    jobs
      .filter(({ state }) => state === "queued")
      .map(({ id }) => id)
      .sort(),
    [held, waits].sort(),
  )
  const order = (await run("queue")).stdout.split("\n").flatMap((line) => /^\s*\d+\s+(\d+) /.exec(line)?.[1] ?? [])
  assert.deepEqual(order.map(Number), [waits, held])
  assert.equal((await run("time", `${runs}`, "2s")).exitCode, 0)
  const ended = await pool().awaitJob(runs)
  assert.deepEqual([ended.state, ended.cause], ["timed_out", "time_limit"])
  assert.equal((await run("hold", `${held}`)).exitCode, 0)
  await pool().untilState(waits, "running")
  assert.equal((await pool().job(held)).state, "held")
  await stop(waits, held)
})

test("an array of jobs on several hosts: each task has its hosts, index and ranks", async () => {
  const say = ["sh", "-c", 'echo "$WINDFALL_ARRAY_INDEX of $WINDFALL_ARRAY_COUNT, $RANK of $WORLD_SIZE"']
  const id = await send(["--array", "1-3", "-N", "2", "--gpu", "0"], say)
  const array = await pool().awaitJob(id)
  assert.deepEqual([array.state, array.array?.counts.succeeded], ["succeeded", 3])
  for (const index of [1, 2, 3]) {
    const logs = await run("logs", `${id}_${index}`)
    assert.deepEqual(logs.stdout, [0, 1].map((rank) => `[${rank}] ${index} of 3, ${rank} of 2\n`).join(""), logs.stderr)
  }
})

test("a booking of two hosts takes a job on two, and nobody else's", async () => {
  const token = await pool().addUser("pia")
  const made = await run("reserve", "--nodes", "2", "--for", "1h", "--users", "pia", "--name", "pair", "--json")
  assert.equal(made.exitCode, 0, made.stderr)
  const { booking } = JSON.parse(made.stdout) as BookingMade
  const other = await send(["-N", "2"])
  assert.match((await run("why", `${other}`)).stdout, /kept for pair/)
  const args = ["send", "-q", "--no-folder", "-d", "-N", "2", "--reservation", "pair", "--", ...WORK]
  const sent = await pool().windfall(args, { token })
  assert.equal(sent.exitCode, 0, sent.stderr)
  const job = await pool().untilState(Number(sent.stdout), "running")
  assert.deepEqual(job.attempts.map(({ hostName }) => hostName).sort(), booking.hosts.map(({ name }) => name).sort())
  assert.equal((await pool().job(other)).state, "queued")
  const three = await pool().windfall(args.with(5, "3"), { token })
  assert.match(three.stderr, /it asks for 3 hosts, and 2 are booked/)
  assert.equal((await run("reserve", "rm", "pair")).exitCode, 0)
  await stop(job.id, other)
})

test("a drained host keeps its member and gets no other; one that is removed has all members leave", async () => {
  const id = await send(["-N", "2", "-t", "2h"])
  const job = await pool().untilState(id, "running")
  const [main, second] = job.attempts.map(({ hostName }) => hostName)
  assert.equal((await run("host", "drain", second!)).exitCode, 0)
  const waits = await send(["-N", "3", "--gpu", "0"])
  assert.match((await run("why", `${waits}`)).stdout, new RegExp(`${second} +.*drain`))
  assert.equal((await pool().job(id)).state, "running")
  await stop(waits)
  const removed = await run("host", "rm", second!, "--yes")
  assert.equal(removed.exitCode, 0, removed.stderr)
  const again = await pool().untilJob(id, ({ state, attempts }) => state === "running" && attempts.length === 4)
  const hosts = again.attempts.slice(2).map(({ hostName }) => hostName)
  assert.ok(hosts.includes(main!) && !hosts.includes(second!), `${hosts}`)
  await stop(id)
  assert.equal(working().length, 0)
})
