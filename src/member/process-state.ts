import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"

/**
 * Whether a process is stopped (by a signal or a debugger), and so neither works nor ends. False where that cannot be told.
 * From /proc, where there is one (proc_pid_stat(5)), else from ps (ps(1): T, a stopped process).
 */
export async function isStopped(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null)
  if (stat !== null) return /^[Tt]/.test(stat.slice(stat.lastIndexOf(")") + 2))
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-o", "stat=", "-p", String(pid)], { timeout: 5_000 }, (error, stdout) => {
      resolve(error === null && stdout.trim().startsWith("T"))
    })
  })
}
