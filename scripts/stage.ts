import { spawn } from "node:child_process"
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

/** Runs a command with this terminal's output. */
export async function stage(name: string, command: string, args: string[], options: StageOptions): Promise<Stage> {
  const { isBeside = false } = options
  if (!isBeside) console.log(`\n── ${name}`)
  const startedMs = performance.now()
  const to = isBeside ? "pipe" : "inherit"
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ["ignore", to, to],
    env: { ...process.env, ...options.env },
  })
  const printed: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece: Buffer) => printed.push(piece))
  const timer = setTimeout(() => {
    console.error(`${name}: not done after ${options.limitMs / 1000} s, ended`)
    child.kill("SIGTERM")
    setTimeout(() => child.kill("SIGKILL"), 5_000).unref()
  }, options.limitMs)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  child.once("error", (error) => {
    console.error(`Cannot run ${command}: ${error.message}`)
    resolve(false)
  })
  child.once("close", (code) => resolve(code === 0))
  const ok = await promise
  if (isBeside) process.stdout.write(Buffer.concat([Buffer.from(`\n── ${name}\n`), ...printed]))
  clearTimeout(timer)
  return { name, ok, ms: performance.now() - startedMs }
}
