import { type ChildProcess, spawn } from "node:child_process"
import { ROOT } from "./source-files.ts"

/** One part of the gate and how it went. */
export interface Stage {
  readonly name: string
  readonly ok: boolean
  readonly ms: number
}

export interface StageOptions {
  /** Ended after this long: something hangs, or leaves a listener or process open. */
  readonly limitMs: number
  readonly env?: Readonly<Record<string, string>>
  /** Shows what it prints when it has ended, as another one runs beside it. */
  readonly isBeside?: boolean
}

const KILL_MS = 5_000
const running = new Set<ChildProcess>()
let endedBy: NodeJS.Signals | undefined

function end(child: ChildProcess): void {
  child.kill("SIGTERM")
  setTimeout(() => child.kill("SIGKILL"), KILL_MS).unref()
}

// A signal that comes to this process alone does not reach them, and they would go on without it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    endedBy ??= signal
    for (const child of running) end(child)
  })
}

/** Runs a command with this terminal's output. Once this process was told to end, none is run any more. */
export async function stage(name: string, command: string, args: string[], options: StageOptions): Promise<Stage> {
  const { isBeside = false } = options
  if (endedBy !== undefined) return { name: `${name}: not run, ended by ${endedBy}`, ok: false, ms: 0 }
  if (!isBeside) console.log(`\n── ${name}`)
  const startedMs = performance.now()
  const to = isBeside ? "pipe" : "inherit"
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ["ignore", to, to],
    env: { ...process.env, ...options.env },
  })
  running.add(child)
  const printed: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece: Buffer) => printed.push(piece))
  const timer = setTimeout(() => {
    console.error(`${name}: not done after ${options.limitMs / 1000} s, ended`)
    end(child)
  }, options.limitMs)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  child.once("error", (error) => {
    console.error(`Cannot run ${command}: ${error.message}`)
    resolve(false)
  })
  child.once("close", (code) => resolve(code === 0))
  const ok = await promise
  running.delete(child)
  if (isBeside) process.stdout.write(Buffer.concat([Buffer.from(`\n── ${name}\n`), ...printed]))
  clearTimeout(timer)
  return { name, ok, ms: performance.now() - startedMs }
}
