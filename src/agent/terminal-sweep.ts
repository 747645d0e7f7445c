import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/**
 * Kills what a shell beside a job left in its terminal's session: such a shell has no supervisor that would sweep it.
 * `leader` is the shell's pid, `tty` its terminal's path. What made a session of its own is not found.
 */
export function killSession(leader: number, tty: string): void {
  const pids = process.platform === "linux" ? sessionMembers(leader) : terminalMembers(tty)
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It ended by itself in the meantime.
    }
  }
}

function sessionMembers(leader: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => sessionOf(pid) === leader)
}

function sessionOf(pid: number): number | null {
  try {
    // After the name in parentheses, which may hold anything: state, parent, group, session.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3])
  } catch {
    return null
  }
}

/** macOS shows no session ids, but the controlling terminal of each process. */
function terminalMembers(tty: string): number[] {
  const name = tty.replace(/^\/dev\//, "")
  const table = execFileSync("/bin/ps", ["-axo", "pid=,tty="], { encoding: "latin1" })
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, terminal]) => terminal === name)
    .map(([pid]) => Number(pid))
}
