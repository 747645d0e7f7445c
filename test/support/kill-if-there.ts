/** Kills a process that may have ended since it was looked for, perhaps as another one was killed. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ESRCH") throw error
  }
}
