import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { promisify } from "node:util"

const run = promisify(execFile)

/**
 * How hosts are kept apart. `root`: namespaces, reached directly; `user`: namespaces inside a user namespace of a plain
 * user, reached through a relay; `ports`: only sshds on high loopback ports, which see the machine as it is.
 */
export type LabMode = "root" | "user" | "ports"

const NAMESPACES = ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]
const TRY =
  "ip link add wftry type veth peer name wftry2 && tc qdisc add dev wftry root tbf rate 10mbit burst 32k latency 50ms && mount -t tmpfs t /mnt"

/** The best mode this account has on this machine, found by trying. */
export async function findLabMode(): Promise<LabMode> {
  if (process.platform !== "linux") return "ports"
  const asRoot = process.getuid?.() === 0
  for (const mode of asRoot ? (["root", "user"] as const) : (["user"] as const)) {
    const user = mode === "user" ? ["--user", "--map-root-user"] : []
    try {
      await run("unshare", [...user, ...NAMESPACES, "/bin/sh", "-c", TRY], { env: SYSTEM_ENV })
      return mode
    } catch {
      // Not allowed here, or a tool is missing: the next mode asks for less.
    }
  }
  return "ports"
}

/** The command that gives a new host its namespaces. */
export function unshareCommand(): string[] {
  return ["unshare", ...NAMESPACES]
}

/** Whether this process is root over the whole machine, not only inside a user namespace that maps one account. */
export function isRealRoot(): boolean {
  return process.getuid?.() === 0 && /^\s*0\s+0\s+4294967295/.test(readFileSync("/proc/self/uid_map", "utf8"))
}

/** What the lab's own tools start with. */
export const SYSTEM_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
}
