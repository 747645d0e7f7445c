/**
 * Faults at random moments of a job's life, checked against ledgers the jobs write themselves.
 * WINDFALL_FAULTS_POINTS: how many; WINDFALL_FAULTS_SEED: the seed, printed with each failure; WINDFALL_FAULTS_ROUND: only this
 * round of it.
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import type { JobView } from "../../src/protocol/job.ts"
import { isFinal, JOB_STATES, type JobState } from "../../src/protocol/job-state.ts"
import type { LabHost } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { inventData, removeAllData, removeData, storeData } from "./data-set.ts"
import { FAULTS, type Fault } from "./faults.ts"
import { Ground } from "./ground.ts"
import { checkGang, comesToGate, inventGang, mayInventGang, slowOne } from "./ledger-gang.ts"
import { inventJob, type LedgerJob, readLedger, sendLedgerJob } from "./ledger-job.ts"
import { untilNothingIsLeft } from "./left-on-hosts.ts"
import { usePort } from "./port-user.ts"
import { Random } from "./random.ts"
import { planRounds, type Round } from "./rounds.ts"
import { checkJob, checkStory } from "./verdicts.ts"

const POINTS = Number(process.env.WINDFALL_FAULTS_POINTS ?? 12)
const SEED = Number(process.env.WINDFALL_FAULTS_SEED ?? Date.now() % 1_000_000)
const ONLY = process.env.WINDFALL_FAULTS_ROUND === undefined ? null : Number(process.env.WINDFALL_FAULTS_ROUND)
const JOBS_A_HOST = 2
/** A job's life, about, with the start and what comes after its end. */
const LIFE_MS = 1_800
/** The short parts of it, which a moment chosen over all of it rarely meets. */
const MOMENTS = ["starting", "running", "finishing"] as const
/** How often a job on all hosts is there, too; then faults also meet its members as they wait for each other. */
const GANGS = 0.4
const GATES = ["gate", "gate"] as const
const LONGEST_FAULT_MS = 1_500
const LIMIT_MS = 90_000

const grounds: Ground[] = []
/** How far jobs had come when a fault met them: the spread of the points. */
const met = new Map<string, number>()
const ended: { readonly job: Pick<LedgerJob, "id" | "name">; readonly ground: Ground; readonly view: JobView }[] = []
const hasNamespaces = (await findLabMode()) !== "ports"
/** Where this account may make no namespaces, no disk can be filled. */
const faults = FAULTS.filter(({ needsDisks }) => hasNamespaces || !needsDisks)
const rounds = planRounds(POINTS, SEED, faults).filter(({ number }) => ONLY === null || number === ONLY)

before(async () => {
  console.log(`faults: ${POINTS} points, seed ${SEED}`)
  grounds.push(await Ground.start(3, { disks: false }))
  if (hasNamespaces) grounds.push(await Ground.start(1, { disks: true }))
  else console.log("faults: no namespaces here, so no disk is filled")
})

after(async () => {
  const again = ended.filter(({ view }) => view.attempts.length > 1).length
  const spread = [...met.keys().map((moment) => `${moment} ${met.get(moment)}`)].sort().join(", ")
  console.log(`faults: ${ended.length} jobs, ${again} of them tried again; met while ${spread}`)
  await Promise.all(grounds.map((ground) => ground[Symbol.asyncDispose]()))
})

for (const round of rounds) {
  const names = round.faults.map(({ name }) => name).join(", ")
  test(`round ${round.number} (seed ${SEED}): ${names}`, { timeout: LIMIT_MS * 2 }, () => tryRound(round))
}

test("no verdict has changed since, all leases are free, and hosts have forgotten what is over", async () => {
  for (const { job, ground, view } of ended) {
    const now = await ground.pool.job(job.id)
    assert.deepEqual([now.state, now.cause, now.exitCode], [view.state, view.cause, view.exitCode], job.name)
  }
  for (const ground of grounds) {
    const { pool } = ground
    await removeAllData(ground)
    for (const host of pool.hosts) {
      const { total } = await pool.host(host.name)
      await pool.untilHost(host.name, ({ jobs, free }) => jobs.length === 0 && isDeepStrictEqual(free, total))
      await untilNothingIsLeft(ground, host, LIMIT_MS)
    }
  }
})

async function tryRound(round: Round): Promise<void> {
  const random = new Random(round.seed)
  const ground = grounds[round.needsDisks ? 1 : 0]
  assert.ok(ground !== undefined)
  const hosts = round.strikes === "server" ? ground.pool.hosts : ground.pool.hosts.slice(0, round.faults.length)
  const data = inventData(`r${round.number}`, random)
  const jobs = hosts.flatMap((host) =>
    Array.from({ length: JOBS_A_HOST }, (_, i) => inventJob(ground, host, i, data, random)),
  )
  const gang = mayInventGang(ground) && random.next() < GANGS ? inventGang(ground, data, random) : null
  const donor = random.pick([null, ...ground.pool.hosts])
  const plans = round.faults.map((fault, i) => ({
    fault,
    host: hosts[i % hosts.length] as LabHost,
    moment: random.next() < 0.5 ? null : random.pick(gang === null ? MOMENTS : [...MOMENTS, ...GATES]),
    atMs: random.between(0, LIFE_MS),
    lastsMs: random.between(20, LONGEST_FAULT_MS),
    random: new Random(random.between(0, 2 ** 31)),
  }))
  const story = plans.map(
    ({ fault, host, moment, atMs, lastsMs }) =>
      `${fault.name} of ${host.name} ${moment === null ? atMs : `${atMs / 10} after ${moment}`} for ${lastsMs} ms`,
  )
  const usesData = jobs.some(({ kind }) => kind === "data")
  if (usesData) await storeData(ground, data, donor)
  const quicken = gang === null ? null : await slowOne(ground, random)
  // First, so that it finds room.
  for (const job of gang === null ? jobs : [gang, ...jobs]) await sendLedgerJob(ground, job)
  const healed = new AbortController()
  const used = Promise.all(jobs.map((job) => usePort(ground, job, healed.signal)))
  used.catch(() => {})
  await Promise.all(
    plans.map(async ({ fault, host, moment, atMs, lastsMs, random }) => {
      const struck = jobs.filter((job) => round.strikes === "server" || job.host === host)
      // A job with a port ends after the fault.
      const awaited = struck.filter(({ kind }) => moment !== "finishing" || kind !== "port")
      if (moment === "gate" && gang !== null) await comesToGate(ground, gang, LIMIT_MS)
      else if (moment !== null && moment !== "gate") await comesTo(ground, random.pick(awaited), moment)
      await sleep(moment === null ? atMs : atMs / 10)
      await Promise.all(struck.map((job) => noteMoment(ground, job, job.kind)))
      if (gang !== null) await noteMoment(ground, gang, "several hosts")
      const heal = await fault.inject(ground, host, random)
      await sleep(lastsMs)
      await heal()
    }),
  )
  healed.abort()
  await quicken?.()
  const check = async (job: LedgerJob, right: (view: JobView) => Promise<void>): Promise<void> => {
    try {
      const view = await ground.pool.awaitJob(job.id, LIMIT_MS)
      await right(view)
      checkStory(await ground.pool.events(view.id), view)
      ended.push({ job, ground, view })
    } catch (error) {
      const facts = [await ground.pool.job(job.id), readLedger(job), await ground.pool.events(job.id)]
      const message = (error as Error).message
      throw new Error(
        `Round ${round.number} of seed ${SEED} (${story.join("; ")}), job ${job.id} ${job.name}: ${message}\n${facts.map((fact) => JSON.stringify(fact)).join("\n")}\n${ground.pool.server.stderr.slice(-2_000)}`,
        { cause: error },
      )
    }
  }
  for (const job of jobs) {
    const fault: Fault | undefined =
      round.strikes === "server" ? round.faults[0] : round.faults[hosts.indexOf(job.host)]
    await check(job, (view) => checkJob(ground, job, view, fault?.toll ?? "nothing"))
  }
  if (gang !== null) {
    const toll = round.faults.some((one) => one.toll === "attempts") ? "attempts" : "nothing"
    const mayEndLinks = round.faults.some(({ name }) => name.includes("asleep"))
    await check(gang, (view) => checkGang(ground, gang, view, toll, mayEndLinks))
  }
  await used
  if (usesData) await removeData(ground, data)
}

/** Waits until a job has come that far. */
async function comesTo({ pool }: Ground, { id }: LedgerJob, moment: JobState): Promise<void> {
  const order = JOB_STATES.indexOf(moment)
  await pool.untilJob(id, ({ state }) => JOB_STATES.indexOf(state) >= order, LIMIT_MS)
}

async function noteMoment({ pool }: Ground, { id }: LedgerJob, what: string): Promise<void> {
  const { state, reason } = await pool.job(id)
  const stage = isFinal(state) ? "ended" : /members are ready/.test(reason ?? "") ? "at the gate" : state
  const moment = `${what} ${stage}`
  met.set(moment, (met.get(moment) ?? 0) + 1)
}
