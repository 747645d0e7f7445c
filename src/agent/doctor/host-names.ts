import { readdirSync } from "node:fs"
import { hostname, userInfo } from "node:os"
import { runProbe } from "./run-probe.ts"

const ASK_MS = 5_000

/**
 * Names that a record of this machine must not have: of its accounts and their people, of the machine, of its network. What cannot be
 * asked is left out; the record is looked through for names at their places, too.
 */
export async function hostNames(platform: "darwin" | "linux", signal: AbortSignal): Promise<readonly string[]> {
  const { username } = userInfo()
  const names = [username, hostname(), hostname().split(".", 1)[0] ?? ""]
  if (platform === "darwin") {
    names.push(...accounts())
    const ask = async (...command: [string, ...string[]]) =>
      (await runProbe({ probe: "name", command, timeoutMs: ASK_MS }, signal)).stdout
    const [computer, local, host, people] = await Promise.all([
      ask("/usr/sbin/scutil", "--get", "ComputerName"),
      ask("/usr/sbin/scutil", "--get", "LocalHostName"),
      ask("/usr/sbin/scutil", "--get", "HostName"),
      ask("/usr/bin/dscl", ".", "-list", "/Users", "RealName"),
    ])
    names.push(computer, local, host, ...realNames(people))
  }
  return [...new Set(names.map((name) => name.trim().slice(0, 200)))].filter((name) => name.length > 1).slice(0, 500)
}

function accounts(): string[] {
  try {
    return readdirSync("/Users").filter((name) => !name.startsWith(".") && name !== "Shared")
  } catch {
    return []
  }
}

/** `dscl . -list /Users RealName`: the account, blanks, and the person's name; accounts of the system begin with `_`. */
function realNames(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [, account = "_", name = ""] = /^(\S+) {2,}(.+)$/.exec(line) ?? []
    return account.startsWith("_") || ["daemon", "nobody", "root"].includes(account) ? [] : [account, name]
  })
}
