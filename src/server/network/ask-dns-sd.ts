import { spawn } from "node:child_process"
import { isMachineName, type SshService, shownName } from "./ssh-services.ts"

const DNS_SD = "/usr/bin/dns-sd"
const MOST_NAMES = 50
const MOST_BYTES = 1024 * 1024
const AT_ONCE = 8
const RESOLVE_MS = 2_000

/**
 * The same by `dns-sd` (dns-sd(1)), which asks the system's own responder: on a Mac a program may not send to all of the net
 * without leave. Both its commands go on for ever and are ended after their time.
 */
export async function askDnsSd(durationMs: number, signal: AbortSignal): Promise<readonly SshService[]> {
  const names = browsedNames(await output(["-B", "_ssh._tcp", "local."], durationMs, signal)).slice(0, MOST_NAMES)
  const found: SshService[] = []
  while (names.length > 0) {
    const some = names.splice(0, AT_ONCE)
    const texts = await Promise.all(some.map((name) => output(["-L", name, "_ssh._tcp", "local."], RESOLVE_MS, signal)))
    for (const [i, name] of some.entries()) {
      const at = resolvedPlace(texts[i] ?? "")
      if (at !== null) found.push({ name: shownName(name), ...at, addresses: [] })
    }
  }
  return found
}

/** Names in the output of `dns-sd -B`, those that were removed last left out. A name may hold anything, so it is what is behind the type. */
export function browsedNames(text: string): string[] {
  const names = new Map<string, boolean>()
  for (const line of text.split("\n").slice(0, -1)) {
    const match = /^ ?\d{1,2}:\d\d:\d\d\.\d{3} {2}(Add|Rmv) +\d+ +\d+ [\w.-]+\. +_ssh\._tcp\. +(\S.*)$/.exec(line)
    if (match !== null) names.set((match[2] ?? "").trimEnd(), match[1] === "Add")
  }
  return [...names].filter(([, isThere]) => isThere).map(([name]) => name)
}

/** "... can be reached at studio-3.local.:22 (interface 4)" of `dns-sd -L`. */
export function resolvedPlace(text: string): { readonly target: string; readonly port: number } | null {
  const match = / can be reached at (\S+?)\.?:(\d{1,5}) \(interface \d+\)/.exec(text)
  const [, target = "", port = ""] = match ?? []
  return isMachineName(target) && Number(port) > 0 && Number(port) <= 65_535 ? { target, port: Number(port) } : null
}

function output(parameters: readonly string[], durationMs: number, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  const child = spawn(DNS_SD, parameters, { stdio: ["ignore", "pipe", "ignore"], env: { LC_ALL: "C" } })
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    if (text.length < MOST_BYTES) text += piece
  })
  const end = () => child.kill("SIGKILL")
  const timer = setTimeout(end, durationMs)
  signal.addEventListener("abort", end, { once: true })
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", () => (signal.aborted ? reject(signal.reason) : resolve(text)))
  }).finally(() => {
    clearTimeout(timer)
    signal.removeEventListener("abort", end)
  }) as Promise<string>
}
