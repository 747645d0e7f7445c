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
}

/** Runs a command with this terminal's output. */
export async function stage(name: string, command: string, args: string[], options: StageOptions): Promise<Stage> {
  console.log(`\n── ${name}`)
  const startedMs = performance.now()
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...options.env },
  })
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
  child.once("exit", (code) => resolve(code === 0))
  const ok = await promise
  clearTimeout(timer)
  return { name, ok, ms: performance.now() - startedMs }
}
