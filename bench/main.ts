/**
 * `npm run bench [-- NAME... [--write]]`: measures and prints Markdown tables. `--write` also puts them into docs/performance.md, in
 * the place of what stands there by the same names.
 * The exit code is 1 when a number is not what it must be. Numbers mean something only on a machine with nothing else to do.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { arch, cpus, release, totalmem, type } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Pool, startPool } from "../test/support/pool.ts"
import { batch } from "./batch.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { bulkOutput } from "./bulk-output.ts"
import { factsAtJoin } from "./facts-at-join.ts"
import { failover } from "./failover.ts"
import { fairTreeBench } from "./fair-tree.ts"
import { isMet, renderFigure, TABLE_HEAD } from "./figure.ts"
import { firstHour } from "./first-hour.ts"
import { firstTry } from "./first-try.ts"
import { forwardedPort } from "./forwarded-port.ts"
import { freedHost } from "./freed-host.ts"
import { gatewayBench } from "./gateway.ts"
import { hiveReadyBench } from "./hive-ready.ts"
import { hostJoin } from "./host-join.ts"
import { idle } from "./idle.ts"
import { logLatency } from "./log-latency.ts"
import { memoryBack } from "./memory-back.ts"
import { memoryRunaway } from "./memory-runaway.ts"
import { modelPlanBench } from "./model-plan.ts"
import { ownerReturns } from "./owner-returns.ts"
import { ownerWords } from "./owner-words.ts"
import { queuePlanBench } from "./queue-plan.ts"
import { secondSend } from "./second-send.ts"
import { sendTrue } from "./send-true.ts"
import { simulatorBench } from "./simulator.ts"
import { gigabitSpreadBench, spreadBench } from "./spread.ts"
import { submitArray } from "./submit-array.ts"
import { submitRate } from "./submit-rate.ts"
import { submitToStart } from "./submit-to-start.ts"
import { version } from "./version.ts"
import { warmEnvironment } from "./warm-environment.ts"

const ALL: readonly Benchmark[] = [
  version,
  sendTrue,
  submitToStart,
  freedHost,
  batch,
  secondSend,
  logLatency,
  bulkOutput,
  warmEnvironment,
  forwardedPort,
  hostJoin,
  factsAtJoin,
  firstTry,
  firstHour,
  idle,
  memoryRunaway,
  ownerReturns,
  ownerWords,
  memoryBack,
  fairTreeBench,
  queuePlanBench,
  submitArray,
  submitRate,
  simulatorBench,
  modelPlanBench,
  gatewayBench,
  hiveReadyBench,
  failover,
  spreadBench,
  gigabitSpreadBench,
]
const HOSTS = 4
const PAGE = join(import.meta.dirname, "../docs/performance.md")
const BEGIN = "<!-- written by npm run bench -- --write -->"
const END = "<!-- end -->"

const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: "boolean" } } })
const wanted = positionals.length === 0 ? ALL : ALL.filter(({ name }) => positionals.includes(name))
if (wanted.length < positionals.length) {
  console.error(`Cannot measure that: there are ${ALL.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}

let pool: Promise<Pool> | undefined
const surroundings: Surroundings = {
  pool: () => (pool ??= startPool({ hosts: HOSTS })),
  note: (line) => console.error(`  ${line}`),
}
const sections = new Map<string, string>()
let good = true
console.log(`${machine()}\n`)
try {
  for (const benchmark of wanted) {
    console.error(`${benchmark.name} ...`)
    const figures = await benchmark.run(surroundings)
    good &&= figures.every(isMet)
    const table = [TABLE_HEAD, ...figures.map(renderFigure)].join("\n")
    const more = benchmark.more === undefined ? [] : [benchmark.more()]
    const text = [`### ${benchmark.name}`, benchmark.about, machine(), table, ...more].join("\n\n")
    sections.set(benchmark.name, text)
    console.log(`${text}\n`)
  }
} finally {
  await (await pool)?.[Symbol.asyncDispose]()
}
if (values.write === true) writePage()
process.exitCode = good ? 0 : 1

function machine(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  const day = new Date().toISOString().slice(0, 10)
  const kernel = `${type()} ${release()}`
  return `${day}, ${cpus().length} cores of ${cpu?.model}, ${gigabytes} GB, ${kernel} ${arch()}, Node ${process.versions.node}`
}

function writePage(): void {
  const page = readFileSync(PAGE, "utf8")
  const [before, rest] = page.split(BEGIN)
  const [tables, after] = rest?.split(END) ?? []
  if (before === undefined || tables === undefined || after === undefined) {
    throw new Error(`${PAGE} lacks the lines ${BEGIN} and ${END}`)
  }
  const written = new Map(
    tables
      .split(/^(?=### )/m)
      .slice(1)
      .map((text) => [/^### (\S+)/.exec(text)?.[1], text.trim()] as const),
  )
  const all = ALL.flatMap(({ name }) => sections.get(name) ?? written.get(name) ?? [])
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${all.join("\n\n")}\n\n${END}${after}`)
}
