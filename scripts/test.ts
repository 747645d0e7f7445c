/**
 * `node scripts/test.ts [check|unit|e2e|long|engines|faults]... [--filter TEXT] [--seed N]`
 *
 * unit: everything beside the code, in one process, and beside it the agent's tests, which start agents and wait for them, in
 * one for each file. e2e: test/e2e, the same. long: test/long, of the same kind, for which `npm test` has no time. engines:
 * test/engines, real engines of models, one file after the other. faults: all fault points of test/faults. Without a name:
 * check, unit, e2e and a seeded sample of faults. A filter is part of a file's path, or else of a test's name. The exit code is
 * 0 only when all that ran passed; the last lines name what did not. With a seed the faults and the cases of property tests are
 * the same in each run; else they are new ones.
 */
import { randomInt } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { findSshd } from "../src/ssh/sshd-binary.ts"
import { check } from "./check.ts"
import { findFiles, ROOT } from "./source-files.ts"
import { type Stage, type StageOptions, stage } from "./stage.ts"

const MINUTE_MS = 60_000
const PARTS = ["check", "unit", "e2e", "long", "engines", "faults"] as const
type Part = (typeof PARTS)[number]
/** What `npm test` is. */
const GATE: readonly Part[] = ["check", "unit", "e2e", "faults"]

/** How many points of a job's life the faults are tried at: all of them, and what `npm test` has time for. */
const ALL_POINTS = 200
const SAMPLE_POINTS = 12

/** They mostly wait, for processes and for each other: more at a time than there are cores are quicker. */
const THREE_AT_A_TIME = ["--test-concurrency=3"]

const FAILED_TESTS = join(ROOT, "scripts/failed-tests.ts")
const PROPERTY_SEED = join(ROOT, "scripts/property-seed.ts")

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: "string" }, seed: { type: "string" } },
})
const parts = positionals.filter((word): word is Part => PARTS.some((part) => part === word))
const rest = positionals.filter((word) => !PARTS.some((part) => part === word))
const filter = values.filter ?? rest[0]
const TEST_FILES = findFiles("{src,scripts,test}/**/*.test.ts")
const seed = values.seed ?? String(randomInt(1_000_000))
const wanted: readonly Part[] = parts.length > 0 ? parts : filter === undefined ? GATE : ["unit", "e2e", "long"]
const startedMs = performance.now()
const stages: Stage[] = []
const failedTests: string[] = []
let sshd: boolean | undefined

for (const part of wanted) {
  if (part === "check") stages.push(...(await check()))
  else if (part === "unit") await runUnit()
  else if (part === "engines") await runEngines()
  else if (!(await hasSshd()))
    console.log(`SKIPPED ${part}: there is no OpenSSH server on this machine, and none can be unpacked`)
  else if (part === "faults") await runFaults(parts.includes("faults") ? ALL_POINTS : SAMPLE_POINTS)
  else await runE2e(part === "e2e" ? "end-to-end tests" : "long end-to-end tests", `test/${part}/**/*.test.ts`)
}

console.log("")
for (const { name, ok, ms } of stages) console.log(`${ok ? "ok    " : "FAILED"}  ${name}  ${(ms / 1000).toFixed(1)} s`)
for (const line of failedTests) console.log(`  ${line}`)
console.log(`${((performance.now() - startedMs) / 1000).toFixed(0)} s in all`)
process.exitCode = stages.length > 0 && stages.every(({ ok }) => ok) ? 0 : 1

async function runUnit(): Promise<void> {
  const files = findFiles("{src,scripts}/**/*.test.ts")
  const agents = findFiles("src/agent/**/*.test.ts")
  const others = files.filter((path) => !agents.includes(path))
  await Promise.all([
    runTests("unit tests", others, ["--test-isolation=none"], { limitMs: 30 * MINUTE_MS }),
    runTests("agent tests", agents, THREE_AT_A_TIME, { limitMs: 30 * MINUTE_MS, isBeside: true }),
  ])
}

async function runE2e(name: string, files: string): Promise<void> {
  await runTests(name, findFiles(files), THREE_AT_A_TIME, { limitMs: 25 * MINUTE_MS })
}

/** Engines are many processes each, and what they compute takes a core. */
async function runEngines(): Promise<void> {
  const files = findFiles("test/engines/**/*.test.ts")
  await runTests("real engines", files, ["--test-concurrency=1"], { limitMs: 15 * MINUTE_MS })
}

async function runFaults(points: number): Promise<void> {
  const env = { WINDFALL_FAULTS_POINTS: String(points), WINDFALL_FAULTS_SEED: seed }
  const name = `faults at ${points} points, seed ${seed}`
  await runTests(name, findFiles("test/faults/**/*.test.ts"), ["--test-concurrency=1"], {
    limitMs: points * MINUTE_MS,
    env,
  })
}

async function runTests(
  name: string,
  files: readonly string[],
  options: readonly string[],
  how: StageOptions,
): Promise<void> {
  const isPath = filter !== undefined && TEST_FILES.some((path) => path.includes(filter))
  const matching = isPath ? files.filter((path) => path.includes(filter)) : files
  if (matching.length === 0) return
  const folder = mkdtempSync(join(tmpdir(), "windfall-tests-"))
  const failed = join(folder, "failed")
  const args = ["--disable-warning=ExperimentalWarning", "--test", ...options]
  const isSeeded = values.seed !== undefined
  if (isSeeded) args.push("--import", PROPERTY_SEED)
  args.push("--test-reporter=spec", "--test-reporter-destination=stdout")
  args.push(`--test-reporter=${FAILED_TESTS}`, `--test-reporter-destination=${failed}`)
  if (filter !== undefined && !isPath) args.push(`--test-name-pattern=${filter}`)
  args.push(...matching)
  try {
    const env = { ...how.env, ...(isSeeded ? { WINDFALL_PROPERTY_SEED: seed } : {}) }
    stages.push(await stage(name, process.execPath, args, { ...how, env }))
    failedTests.push(...readFileSync(failed, "utf8").split("\n").filter(Boolean))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
