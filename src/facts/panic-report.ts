/** What a kernel panic's report says, as far as people can do something with it. No serial numbers, addresses or identifiers. */
export interface PanicReport {
  /** The panic's own sentence. */
  readonly what: string
  /** "macOS 26.1 (25B71)"; `null` where the report does not say. */
  readonly system: string | null
  /** The first part of the kernel that the report finds on the way to the panic: "com.apple.iokit.IOGPUFamily". */
  readonly driver: string | null
}

const MOST_CHARACTERS = 200

/**
 * Reads the beginning of a file of `/Library/Logs/DiagnosticReports/*.panic`. Such a file is a line of JSON about the report and
 * then, by the release of macOS, JSON with a `panicString`, or plain text; and it is what a kernel wrote that was dying. So nothing
 * is taken for granted: whatever has no "panic(cpu N caller ADDRESS): SENTENCE" is `null`.
 */
export function parsePanicReport(text: string): PanicReport | null {
  const panic = panicString(text) ?? text
  const sentence = /panic\(cpu \d+ caller 0x[0-9a-f]+\): *([^\n]*)/i.exec(panic)?.[1]
  const what = sentence === undefined ? "" : plain(sentence)
  if (what === "") return null
  const system = /"os_version"\s*:\s*"(macOS [\w. ()]{1,60})"/.exec(text)?.[1] ?? null
  return { what, system, driver: firstExtension(panic) }
}

/** The value of `panicString`, also where the end of the text was cut off. */
function panicString(text: string): string | null {
  const raw = /"panicString"\s*:\s*"((?:[^"\\]|\\.)*)/.exec(text)?.[1]
  if (raw === undefined) return null
  return raw.replace(/\\(u[0-9a-f]{4}|.)/gi, (_, code: string) => {
    if (code === "n" || code === "r") return "\n"
    if (code === "t") return " "
    return code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : code
  })
}

/** The list goes from what called last to what it depends on, which is marked so. */
function firstExtension(panic: string): string | null {
  const list = panic.split(/^ *Kernel Extensions in backtrace:/m)[1]
  return list === undefined ? null : (/^\s*([a-z][\w-]*(?:\.[\w-]+){2,6})\([\d.]+\)/im.exec(list)?.[1] ?? null)
}

function plain(sentence: string): string {
  const text = sentence
    .replace(/0x[0-9a-f]+/gi, "0x...")
    .replace(/[^\x20-\x7e]/g, " ")
    .replace(/\s+/g, " ")
    .trim()
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text
}

/** "prepare count underflow (in com.apple.iokit.IOGPUFamily, macOS 26.1)". */
export function panicText({ what, system, driver }: PanicReport): string {
  const where = [driver === null ? null : `in ${driver}`, system].filter((part) => part !== null)
  return where.length === 0 ? what : `${what} (${where.join(", ")})`
}
