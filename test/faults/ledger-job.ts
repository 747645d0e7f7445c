import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { BlobHash, JobId } from "../../src/protocol/ids.ts"
import type { JobSpec } from "../../src/protocol/job.ts"
import { hashBytes } from "../../src/workspace/hash.ts"
import { encodePack } from "../../src/workspace/pack.ts"
import { encodeTree } from "../../src/workspace/tree.ts"
import type { LabHost } from "../lab/lab.ts"
import type { Ground } from "./ground.ts"
import type { Random } from "./random.ts"

const PROGRAM = readFileSync(join(import.meta.dirname, "ledger-job.pl"), "utf8")
const INPUT_BYTES = 768 * 1024

/** A job whose every byte is known beforehand, and where it notes what really happened. */
export interface LedgerJob {
  readonly name: string
  readonly host: LabHost
  readonly exitCode: number
  readonly retries: number
  readonly once: boolean
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** The one output file `out/made`; `null` when it makes none. */
  readonly made: Buffer | null
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

/** Invents a job for this host; nothing is sent yet. */
export function inventJob(ground: Ground, host: LabHost, name: string, random: Random): LedgerJob {
  const kind = random.pick(["lines", "flood", "files"] as const)
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
  const numbers = Array.from({ length: lines }, (_, i) => i + 1)
  const workspace = input === null ? null : workspaceOf(input)
  const args = [ledger.inside, name, lines, pauseMs, flood, madeKib, exitCode, input === null ? 0 : 1]
  return {
    name,
    host,
    exitCode,
    retries,
    once,
    stdout: Buffer.concat([
      Buffer.from(heading + numbers.map((line) => `${name} line ${line}\n`).join("")),
      blocks(`${name} flood`, flood),
    ]),
    stderr: Buffer.from(numbers.map((line) => `${name} note ${line}\n`).join("")),
    made: madeKib === 0 ? null : made,
    ledgerFile: ledger.outside,
    spec: {
      command: ["perl", "-e", PROGRAM, ...args.map(String)],
      host: host.name,
      workspace: workspace?.root ?? null,
      retry: { limit: retries, afterSilenceMs: null, once },
    },
    blobs: workspace?.blobs ?? [],
    id: 0 as JobId,
  }
}

/** Sends the job, its input first. */
export async function sendLedgerJob(ground: Ground, job: LedgerJob): Promise<void> {
  const { pool } = ground
  if (job.blobs.length > 0) {
    const blobs = job.blobs.map((bytes) => ({ hash: hashBytes(bytes), bytes: bytes.length, open: () => bytes }))
    const pack = Buffer.concat(await Array.fromAsync(encodePack(blobs)))
    const response = await fetch(`${pool.url}/v1/blobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${pool.token}`, "content-type": "application/octet-stream" },
      body: new Uint8Array(pack),
    })
    if (!response.ok) throw new Error(`Cannot upload: ${await response.text()}`)
  }
  job.id = (await pool.submit(job.spec)).id
}

export function readLedger(job: LedgerJob): { readonly starts: readonly number[]; readonly ends: readonly Noted[] } {
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

function randomBytes(random: Random, count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let at = 0; at < count; at += 4) bytes.writeUInt32LE(Math.floor(random.next() * 4294967296), at)
  return bytes
}

function workspaceOf(input: Buffer): { readonly root: BlobHash; readonly blobs: readonly Uint8Array[] } {
  const hash = hashBytes(input)
  const tree = encodeTree([{ kind: "file", name: "input", mode: 0o644, bytes: input.length, hash, chunked: false }])
  const root = hashBytes(tree)
  return { root, blobs: [input, tree] }
}
