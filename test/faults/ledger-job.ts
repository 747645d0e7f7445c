import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { JobId } from "../../src/protocol/ids.ts"
import type { JobSpec } from "../../src/protocol/job.ts"
import type { LabHost } from "../lab/lab.ts"
import { type DataSet, fileSet, randomBytes, storeBlobs } from "./data-set.ts"
import type { Ground } from "./ground.ts"
import { inEnvironment, PYTHON_PROGRAM, PYTHON_SAYS } from "./packages.ts"
import type { Random } from "./random.ts"

const PROGRAM = readFileSync(join(import.meta.dirname, "ledger-job.pl"), "utf8")
const INPUT_BYTES = 768 * 1024
const KINDS = ["lines", "flood", "files", "data", "environment", "port"] as const
/** Below those that systems give away by themselves. */
const PORTS = [20_000, 32_000] as const

export type JobKind = (typeof KINDS)[number]

/** A job whose every byte is known beforehand, and where it notes what really happened. */
export interface LedgerJob {
  readonly name: string
  readonly kind: JobKind
  readonly host: LabHost
  readonly exitCode: number
  readonly retries: number
  readonly once: boolean
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** The one output file `out/made`; `null` when it makes none. */
  readonly made: Buffer | null
  /** 0 for none. Such a job goes on until somebody who had all that it serves there tells it to end. */
  readonly port: number
  readonly served: Buffer
  readonly ledgerFile: string
  readonly spec: Partial<JobSpec>
  /** What must be stored on the server before it can be sent. */
  readonly blobs: readonly Uint8Array[]
  id: JobId
}

/** What a job's ledger says of one attempt. */
export interface Noted {
  readonly attempt: number
  readonly exitCode: number | null
}

/** Invents the job number `i` of this host, or one of all hosts; nothing is sent yet. */
export function inventJob(ground: Ground, host: LabHost, i: number | "all", data: DataSet, random: Random): LedgerJob {
  const name = `${data.use.name}-${host.name}-${i}`
  // A job with a port waits for the end of the fault: one beside it does not.
  const without = [...(ground.hasPackages ? [] : ["environment"]), ...(i === 0 ? [] : ["port"])]
  const kind = random.pick(KINDS.filter((one) => !without.includes(one)))
  const lines = kind === "lines" ? random.between(20, 60) : random.between(5, 15)
  const pauseMs = random.between(10, 40)
  const flood = kind === "flood" ? random.between(200, 2000) : 0
  const madeKib = kind === "files" ? random.between(1, 1500) : random.pick([0, 1])
  const exitCode = random.pick([0, 0, 3])
  const once = random.next() < 0.2
  const retries = once ? 0 : random.pick([0, 2, 2])
  const input = kind === "files" ? randomBytes(random, INPUT_BYTES) : null
  const ledger = ground.ledger(host, name)
  const made = blocks(`${name} made`, madeKib)
  const heading =
    input === null ? "" : `${name} input ${input.length} ${input.reduce((sum, byte) => (sum + byte) >>> 0, 0)}\n`
  const servedKib = kind === "port" ? random.between(64, 512) : 0
  const port = kind === "port" ? random.between(...PORTS) : 0
  const python = kind === "environment" ? { program: PYTHON_PROGRAM, says: PYTHON_SAYS } : { program: "", says: "" }
  const numbers = Array.from({ length: lines }, (_, i) => i + 1)
  const workspace = input === null ? null : fileSet({ input })
  const args = [ledger.inside, name, lines, pauseMs, flood, madeKib, exitCode, input === null ? 0 : 1]
  args.push(kind === "data" ? data.use.path : "", python.program, port, servedKib)
  return {
    name,
    kind,
    host,
    exitCode,
    retries,
    once,
    stdout: Buffer.concat([
      Buffer.from(heading),
      kind === "data" ? data.content : Buffer.alloc(0),
      Buffer.from(python.says + numbers.map((line) => `${name} line ${line}\n`).join("")),
      blocks(`${name} flood`, flood),
    ]),
    stderr: Buffer.from(numbers.map((line) => `${name} note ${line}\n`).join("")),
    made: madeKib === 0 ? null : made,
    port,
    served: blocks(`${name} served`, servedKib),
    ledgerFile: ledger.outside,
    spec: {
      command: ["perl", "-e", PROGRAM, ...args.map(String)],
      host: host.name,
      // Two jobs of a host may need the same one: one of them builds it.
      ...(kind === "environment" ? inEnvironment(ground, host, data.use.name) : {}),
      workspace: workspace?.root ?? null,
      data: kind === "data" ? [data.use] : [],
      retry: { limit: retries, afterSilenceMs: null, once },
    },
    blobs: workspace?.blobs ?? [],
    id: 0 as JobId,
  }
}

/** Sends the job, its input first. */
export async function sendLedgerJob(ground: Ground, job: LedgerJob): Promise<void> {
  await storeBlobs(ground, job.blobs)
  job.id = (await ground.pool.submit(job.spec)).id
}

export function readLedger(job: Pick<LedgerJob, "ledgerFile">): {
  readonly starts: readonly number[]
  readonly ends: readonly Noted[]
} {
  let text = ""
  try {
    text = readFileSync(job.ledgerFile, "utf8")
  } catch {
    // It never ran.
  }
  const words = text
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
  return {
    starts: words.filter(([what]) => what === "start").map(([, attempt]) => Number(attempt)),
    ends: words
      .filter(([what]) => what === "end")
      .map(([, attempt, code]) => ({ attempt: Number(attempt), exitCode: Number(code) })),
  }
}

function blocks(text: string, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => `${`${text} ${i + 1}`.padEnd(31)}\n`.repeat(32)).join(""))
}
