import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import type { LabHost } from "../test/lab/lab.ts"
import type { Pool } from "../test/support/pool.ts"

export const WINDFALL = join(import.meta.dirname, "../windfall")

/** The launcher's environment for somebody logged in to the pool. The launcher keeps its compile cache itself. */
export function senderEnv(pool: Pool): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return { PATH, HOME: pool.scratch.at("home"), WINDFALL_URL: pool.url, WINDFALL_TOKEN: pool.token }
}

/** Runs a program to its end and returns how long that took, spawn to exit. @throws when it fails */
export async function timeCommand(
  program: string,
  args: readonly string[],
  { cwd, env, onOutput }: { cwd?: string; env?: NodeJS.ProcessEnv; onOutput?: (chunk: Buffer) => void } = {},
): Promise<number> {
  const startedMs = performance.now()
  const child = spawn(program, args, {
    stdio: ["ignore", onOutput === undefined ? "ignore" : "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  })
  const errors: Buffer[] = []
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk))
  if (onOutput !== undefined) child.stdout?.on("data", onOutput)
  let endedMs = 0
  child.on("exit", () => {
    endedMs = performance.now()
  })
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve))
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${Buffer.concat(errors)}`)
  return endedMs - startedMs
}

/** Whether a program is on the PATH. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined
}

/** `ssh` to a lab host with nothing kept from earlier: a new connection, key exchange and login. */
export function coldSsh(pool: Pool, host: LabHost, command: string): readonly string[] {
  return [
    ...["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "ControlPath=none", "-o", "StrictHostKeyChecking=no"],
    ...["-o", `UserKnownHostsFile=${pool.scratch.at("known_hosts")}`, "-i", host.identityFile],
    ...["-p", String(host.port), `${host.user}@${host.address}`, command],
  ]
}
