import { readdirSync, readFileSync } from "node:fs"

/** A process as /proc shows it. */
export interface LabProcess {
  readonly pid: number
  /** Its arguments joined by spaces, or its short name. */
  readonly command: string
}

/** Everything below process `root`, in no order. */
export function descendants(root: number): LabProcess[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(name)
    if (parent === null) continue
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [Number(name)])
    else siblings.push(Number(name))
  }
  const found: LabProcess[] = []
  const waiting = [...(children.get(root) ?? [])]
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    waiting.push(...(children.get(pid) ?? []))
    found.push({ pid, command: commandOf(pid) })
  }
  return found
}

/** The parent, or `null` for one that is gone or only waits to be reaped. */
function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return state === "Z" || state === "X" ? null : Number(parent)
  } catch {
    return null
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()
  } catch {
    return ""
  }
}
