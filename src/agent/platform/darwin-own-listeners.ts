import { execFile } from "node:child_process"
import { userInfo } from "node:os"
import { promisify } from "node:util"
import { readOutput } from "../../facts/read-output.ts"

const execute = promisify(execFile)
const OPTIONS = { timeout: 5_000, maxBuffer: 4 * 1024 * 1024, env: { LC_ALL: "C", LANG: "C", TZ: "UTC" } }
const FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"

/** A TCP socket of this account that others than this machine can reach. */
export interface OpenListener {
  readonly pid: number
  readonly port: number
}

/** Sockets of this account's processes that listen on more than loopback: one `lsof`, some tens of milliseconds. */
export async function ownOpenListeners(): Promise<OpenListener[]> {
  const words = ["-nP", "-w", "-a", "-u", String(userInfo().uid), "-iTCP", "-sTCP:LISTEN", "-Fpn"]
  // It exits with 1 where it finds nothing.
  const { stdout } = await execute("/usr/sbin/lsof", words, OPTIONS).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? "",
  }))
  return parseOpenListeners(stdout)
}

/** `lsof -Fpn`: lines `pPID`, then for each socket `fFD` and `nADDRESS:PORT`, where an address is `*`, `127.0.0.1` or `[::1]`. */
export function parseOpenListeners(text: string): OpenListener[] {
  const found: OpenListener[] = []
  let pid = 0
  for (const line of text.split("\n")) {
    if (line.startsWith("p")) pid = Number(line.slice(1))
    const [, address = "", port = ""] = /^n(.+):(\d{1,5})$/.exec(line) ?? []
    const isLoopback = /^(127\.|\[::1\]$|\[::ffff:127\.|localhost$)/.test(address)
    if (address !== "" && !isLoopback && pid > 0) found.push({ pid, port: Number(port) })
  }
  return found
}

/** False also where it cannot be told: then nobody is bothered. */
export async function isFirewallOn(): Promise<boolean> {
  const { stdout } = await execute(FIREWALL, ["--getglobalstate"], OPTIONS).catch(() => ({ stdout: "" }))
  return readOutput(stdout, { hint: "socketfilterfw-getglobalstate" }).sheet.truth("isFirewallOn") === true
}
