import { fs, nodeChildProcess } from "./builtin.ts"

/**
 * Whether this machine runs on a battery of its own, and so sleeps when its lid is closed. On Linux the kernel lists
 * batteries; on a Mac `pmset -g batt` names the internal one (model names no longer tell: "Mac15,3" is a MacBook Pro).
 */
export function isLaptop(platform: NodeJS.Platform = process.platform): boolean {
  try {
    if (platform === "linux") return fs.readdirSync("/sys/class/power_supply").some((name) => /^BAT/.test(name))
    if (platform !== "darwin") return false
    const { stdout } = nodeChildProcess().spawnSync("/usr/bin/pmset", ["-g", "batt"], {
      encoding: "utf8",
      timeout: 2_000,
    })
    return stdout.includes("InternalBattery")
  } catch {
    // Not knowing is no reason to warn.
    return false
  }
}
