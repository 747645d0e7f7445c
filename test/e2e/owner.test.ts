import assert from "node:assert/strict"
import { test } from "node:test"
import type { TokenView, WhyAnswer } from "../../src/protocol/api.ts"
import type { HostView } from "../../src/protocol/host.ts"
import type { OwnerView } from "../../src/protocol/owner-api.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })

async function tokenOf(user: string): Promise<string> {
  await pool().api("POST", "/v1/users", { name: user, role: "user" })
  const made = await pool().api<TokenView & { token: string }>("POST", "/v1/tokens", { user })
  return made.token
}

test("an owner pauses her machine from elsewhere: nothing starts there, why says so, until she resumes", async () => {
  const token = await tokenOf("mia")
  const set = await pool().windfall(["host", "set", "host1", "--owner", "mia", "--console-account", "mia.w"])
  assert.equal(set.stdout, "host1: is mia's, account mia.w there\n", set.stderr)
  const paused = await pool().windfall(["mac", "pause", "--for", "2h"], { token })
  assert.match(paused.stdout, /^host1: no job starts: paused by mia until (?:tomorrow )?\d\d:\d\d\n$/, paused.stderr)
  const held = await pool().submit({ host: "host1" })
  const free = await pool().submit()
  assert.equal((await pool().awaitJob(free.id)).attempts[0]?.hostName, "host2")
  assert.match((await pool().windfall(["why", `${held.id}`])).stdout, /host1: paused until \S/)
  const why = await pool().api<WhyAnswer>("GET", `/v1/jobs/${held.id}/why`)
  assert.equal(why.code, "paused")
  const listed = await pool().windfall(["host", "ls", "--free", "--json"])
  const names = listed.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as HostView).name)
  assert.deepEqual(names, ["host2"])
  // Only what administrators have paused is theirs to resume.
  const refused = await pool().windfall(["mac", "resume", "--host", "host1"])
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /mia paused it, and it has an owner/)
  const status = await pool().windfall(["mac", "status"], { token })
  assert.match(status.stdout, /paused +by mia, until/)
  const resumed = await pool().windfall(["mac", "resume"], { token })
  assert.equal(resumed.stdout, "host1: jobs may start\n", resumed.stderr)
  assert.equal((await pool().awaitJob(held.id)).state, "succeeded")
  const events = await pool().windfall(["events"])
  assert.match(events.stdout, /mia +host host1 paused until .*, said from elsewhere\n/)
})

test("rules of a machine and of its fleet, each with who said it; what cannot be said changes nothing", async () => {
  const mia = (await pool().api<TokenView & { token: string }>("POST", "/v1/tokens", { user: "mia" })).token
  const as = { token: mia }
  const wrong = await pool().windfall(["mac", "hours", "weekdays", "25-26"], as)
  assert.equal(wrong.exitCode, 2)
  assert.match(wrong.stderr, /For instance: hours/)
  assert.equal((await pool().windfall(["mac", "pause", "--for", "1h", "--today"], as)).exitCode, 2)
  assert.equal((await pool().windfall(["fleet", "policy", "default", "who", "mia"])).exitCode, 2)
  const fleet = await pool().windfall(["fleet", "policy", "default", "vacate_after=10m", "--json"])
  assert.deepEqual(JSON.parse(fleet.stdout).rules, { vacate_after: "10m" })
  const never = await pool().windfall(["mac", "never", "12:00-13:30"], as)
  assert.equal(never.exitCode, 0, never.stderr)
  assert.equal((await pool().windfall(["mac", "rules", "who=nobody", "keep_memory=1G"], as)).exitCode, 0)
  const idle = await pool().windfall(["mac", "rules", "on_return", "suspend"], as)
  assert.match(
    idle.stdout,
    /on_return: suspend .*\nhost1 is no Mac, so nobody is looked for: on_return has no effect there but /,
  )
  await pool().windfall(["mac", "rules", "--unset", "on_return"], as)
  const shown = await pool().windfall(["mac", "rules"], as)
  assert.match(shown.stdout, /vacate_after +10m +the fleet/)
  assert.match(shown.stdout, /never +12:00-13:30 +mia /)
  assert.match(shown.stdout, /on_return +suspend +preset default/)
  const view = await pool().api<OwnerView>("GET", "/v1/hosts/host1/owner")
  assert.equal(view.policy.find(({ name }) => name === "who")?.value, "nobody")
  const kept = await pool().submit({ host: "host1" })
  const why = await pool().api<WhyAnswer>("GET", `/v1/jobs/${kept.id}/why`)
  assert.equal(why.code, "rules_forbid")
  assert.match(why.summary, /its rules let no jobs of admin run there/)
  const back = await pool().windfall(
    ["mac", "rules", "--unset", "who", "--unset", "never", "--unset", "keep_memory"],
    as,
  )
  assert.equal(back.exitCode, 0, back.stderr)
  assert.equal((await pool().awaitJob(kept.id)).state, "succeeded")
})

test("a pause stops what runs there, which says so, and goes on when it is taken back", async () => {
  const { token } = await pool().api<TokenView & { token: string }>("POST", "/v1/tokens", { user: "mia" })
  const counts = { command: ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done"], host: "host1" }
  const { id } = await pool().submit(counts)
  await pool().untilState(id, "running")
  // Quick to go on, once nobody has anything against it: nobody is looked for here.
  assert.equal((await pool().windfall(["mac", "pause"], { token })).exitCode, 0)
  const stopped = await pool().untilState(id, "suspended")
  assert.match(stopped.reason ?? "", /^suspended: paused until it is resumed$/)
  const { cores } = (await pool().api<HostView>("GET", "/v1/hosts/host1")).free
  assert.equal(cores, (await pool().api<HostView>("GET", "/v1/hosts/host1")).total.cores)
  assert.match((await pool().windfall(["why", `${id}`])).stdout, /suspended on host1, as paused until/)
  assert.match((await pool().windfall(["ps"])).stdout, /suspended +host1 .*paused until/)
  assert.match((await pool().windfall(["mac", "status"], { token })).stdout, /stopped since \d\d:\d\d/)
  assert.equal((await pool().windfall(["mac", "resume"], { token })).exitCode, 0)
  const goesOn = await pool().untilState(id, "running")
  assert.ok((goesOn.attempts[0]?.suspendedMs ?? 0) > 0)
  assert.equal(goesOn.attempts.length, 1)
  assert.match((await pool().windfall(["show", `${id}`])).stdout, /\(stopped for /)
  assert.equal((await pool().windfall(["stop", `${id}`, "--now"])).exitCode, 0)
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
})
