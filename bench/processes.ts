import { readdirSync, readFileSync } from "node:fs"

const TICKS_PER_SECOND = 100

/** What one process holds and has used, from /proc. */
export interface Usage {
  readonly pid: number
  readonly command: string
  readonly memoryBytes: number
  readonly cpuMs: number
}

/** A process and everything below it. */
export function usageOf(root: number): Usage[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync("/proc")) {
    const pid = Number(name)
    const parent = Number.isInteger(pid) ? statOf(pid)?.parent : undefined
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)]
  return below(root).flatMap((pid) => usage(pid) ?? [])
}

function usage(pid: number): Usage | undefined {
  const stat = statOf(pid)
  if (stat === undefined) return undefined
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim()
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return { pid, command, memoryBytes: Number(kilobytes ?? 0) * 1024, cpuMs: stat.cpuMs }
  } catch {
    return undefined // It has just ended.
  }
}

function statOf(pid: number): { readonly parent: number; readonly cpuMs: number } | undefined {
  try {
    // The name in parentheses may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
    return { parent: Number(fields[1]), cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND }
  } catch {
    return undefined
  }
}
