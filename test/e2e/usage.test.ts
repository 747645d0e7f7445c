import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
import type { JobId } from "../../src/protocol/ids.ts"
import type { LimitsView, ShareView, UsageView } from "../../src/protocol/usage-api.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })

const POLICY = `
accounts:
  vision: { shares: 2, users: [ann] }
  robots: { users: [bob], limits: { group: { running-jobs: 3 } } }
default-account: vision
usage: { half-life: none, period: 1s }
`

/** What its attempts ran by the record of the job, in seconds. */
async function ranS(id: JobId): Promise<number> {
  const { attempts } = await pool().job(id)
  return attempts.reduce((sum, { startedAt, endedAt }) => sum + (endedAt ?? 0) - (startedAt ?? 0), 0) / 1000
}

/** Shares once all is charged that ran until now. */
async function settledShares(): Promise<ShareView> {
  for (const { until } = await pool().api<UsageView>("GET", "/v1/usage"); ; await setTimeout(100)) {
    const view = await pool().api<ShareView>("GET", "/v1/share")
    if (view.through >= until) return view
  }
}

test("two users are charged once for what they ran, though the server was killed meanwhile", async () => {
  const [ann, bob] = [await pool().addUser("ann"), await pool().addUser("bob")]
  await pool().api("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const command = ["sh", "-c", `${ACCOUNT_HOME}; until [ -e $A/end ]; do sleep 0.05; done; echo >$A/ended`]
  const [first, second] = [
    await pool().submit({ command, host: "host1" }, { token: ann }),
    await pool().submit({ command, host: "host2" }, { token: bob }),
  ]
  for (const { id } of [first, second]) await pool().untilState(id, "running")
  await settledShares()
  const limits = await pool().api<LimitsView>("GET", "/v1/limits", undefined, { token: bob })
  assert.deepEqual(
    limits.limits.map(({ layer, name, limit, most, used }) => [layer, name, limit, most, used]),
    [["account", "robots", "runningJobs", 3, 1]],
  )
  await pool().server.kill9()
  // The one ends while nobody is there to see it.
  const [one, other] = pool().hosts
  await one?.write("end", "")
  while (!existsSync(join(one!.files, "ended"))) await setTimeout(50)
  await pool().server.start()
  await other?.write("end", "")
  for (const { id } of [first, second]) await pool().awaitJob(id)
  const ran = [await ranS(first.id), await ranS(second.id)]
  const { rows } = await pool().api<UsageView>("GET", "/v1/usage?by=account")
  assert.deepEqual(
    rows.map(({ name, jobs, attempts, ranS }) => [name, jobs, attempts, ranS]),
    [
      ["robots", 1, 1, ran[1]],
      ["vision", 1, 1, ran[0]],
    ],
  )
  const { rows: shares } = await settledShares()
  const used = (path: string) => Math.round((shares.find((row) => row.path === path)?.usage ?? 0) * 1000)
  assert.deepEqual(
    [used("vision/ann"), used("robots/bob")],
    ran.map((s) => Math.round(s * 1000)),
  )
  assert.ok(ran[0]! > 0 && ran[1]! > 0, `${ran}`)
  for (const args of [["share"], ["share", "--tree"], ["usage", "--by", "user", "--since", "1d"], ["limits"]]) {
    const { exitCode, stdout, stderr } = await pool().windfall(args, { token: bob })
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /bob/)
  }
  assert.match((await pool().windfall(["usage", "--by", "colour"])).stderr, /colour/)
  const late = await pool().windfall(["usage", "--since", "tomorrow"])
  assert.deepEqual([late.exitCode, /yet to come/.test(late.stderr)], [2, true])
})
