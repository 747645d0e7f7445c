/**
 * `node scripts/test.ts [check|unit|e2e|faults]... [--filter TEXT] [--seed N]`
 *
 * unit: everything beside the code, in one process; only the agent's tests, which start agents and wait for them, are in one
 * for each file. e2e: test/e2e, the same. faults: all fault points of test/faults. Without a name: check, unit, e2e and a seeded sample of faults. A filter is part of a file's path, or
 * else of a test's name. The exit code is 0 only when all that ran passed.
 */
import { randomInt } from "node:crypto"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { findSshd } from "../src/ssh/sshd-binary.ts"
import { check } from "./check.ts"
import { findFiles, ROOT } from "./source-files.ts"
import { type Stage, stage } from "./stage.ts"

const MINUTE_MS = 60_000
const PARTS = ["check", "unit", "e2e", "faults"] as const
type Part = (typeof PARTS)[number]

/** How many points of a job's life the faults are tried at: all of them, and what `npm test` has time for. */
const ALL_POINTS = 200
const SAMPLE_POINTS = 12

/** They mostly wait, for processes and for each other: on two cores three at a time are quicker than two. */
const SOME_AT_A_TIME = ["--test-concurrency=3"]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: "string" }, seed: { type: "string" } },
})
const parts = positionals.filter((word): word is Part => PARTS.some((part) => part === word))
const rest = positionals.filter((word) => !PARTS.some((part) => part === word))
const filter = values.filter ?? rest[0]
const TEST_FILES = findFiles("{src,scripts,test}/**/*.test.ts")
const seed = values.seed ?? String(randomInt(1_000_000))
const wanted: readonly Part[] = parts.length > 0 ? parts : filter === undefined ? PARTS : ["unit", "e2e"]
const startedMs = performance.now()
const stages: Stage[] = []
let sshd: boolean | undefined

for (const part of wanted) {
  if (part === "check") stages.push(...(await check()))
  else if (part === "unit") await runUnit()
  else if (await hasSshd())
    await (part === "e2e" ? runE2e() : runFaults(parts.includes("faults") ? ALL_POINTS : SAMPLE_POINTS))
  else console.log(`SKIPPED ${part}: there is no OpenSSH server on this machine, and none can be unpacked`)
}

console.log("")
for (const { name, ok, ms } of stages) console.log(`${ok ? "ok    " : "FAILED"}  ${name}  ${(ms / 1000).toFixed(1)} s`)
console.log(`${((performance.now() - startedMs) / 1000).toFixed(0)} s in all`)
process.exitCode = stages.length > 0 && stages.every(({ ok }) => ok) ? 0 : 1

async function runUnit(): Promise<void> {
  const files = findFiles("{src,scripts}/**/*.test.ts")
  const agents = findFiles("src/agent/**/*.test.ts")
  const others = files.filter((path) => !agents.includes(path))
  await runTests("unit tests", others, ["--test-isolation=none"], 4 * MINUTE_MS)
  await runTests("agent tests", agents, SOME_AT_A_TIME, 5 * MINUTE_MS)
}

async function runE2e(): Promise<void> {
  await runTests("end-to-end tests", findFiles("test/e2e/**/*.test.ts"), SOME_AT_A_TIME, 10 * MINUTE_MS)
}

async function runFaults(points: number): Promise<void> {
  const env = { WINDFALL_FAULTS_POINTS: String(points), WINDFALL_FAULTS_SEED: seed }
  const name = `faults at ${points} points, seed ${seed}`
  await runTests(name, findFiles("test/faults/**/*.test.ts"), ["--test-concurrency=1"], points * MINUTE_MS, env)
}

async function runTests(
  name: string,
  files: readonly string[],
  options: readonly string[],
  limitMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const isPath = filter !== undefined && TEST_FILES.some((path) => path.includes(filter))
  const matching = isPath ? files.filter((path) => path.includes(filter)) : files
  if (matching.length === 0) return
  const args = ["--disable-warning=ExperimentalWarning", "--test", ...options]
  if (filter !== undefined && !isPath) args.push(`--test-name-pattern=${filter}`)
  args.push(...matching)
  stages.push(await stage(name, process.execPath, args, { limitMs, env }))
}

/** Says where the OpenSSH server of the lab comes from, once. */
async function hasSshd(): Promise<boolean> {
  sshd ??= await findSshd(join(ROOT, ".cache")).then(
    (found) => {
      console.log(`\nsshd: ${found.path} (${found.origin})`)
      return true
    },
    (error: Error) => {
      console.log(`\nsshd: none. ${error.message}`)
      return false
    },
  )
  return sshd
}
