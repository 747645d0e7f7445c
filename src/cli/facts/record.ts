/** Marks a folder whose files are all of one Mac; docs/facts.md has its form. */
export const RECORD_FILE = "windfall-record.json"

/** For people who look at a record or send it; no output. */
export const RECORD_NOTE = "LOOK-BEFORE-YOU-SEND.txt"

export interface RecordedCommand {
  readonly file: string
  readonly command: string
  readonly exitCode: number | null
  readonly outcome: "ended" | "timed_out" | "missing"
}

/** The commands of a record by file name; `null` when it is none of a form that is known. */
export function parseRecord(text: string): ReadonlyMap<string, RecordedCommand> | null {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return null
  }
  const { format, version, commands } = (record ?? {}) as Record<string, unknown>
  if (format !== "windfall-record" || version !== 1 || !Array.isArray(commands)) return null
  const byFile = new Map<string, RecordedCommand>()
  for (const one of commands as unknown[]) {
    const { file, command, exitCode, outcome } = (one ?? {}) as Record<string, unknown>
    if (typeof file !== "string" || typeof command !== "string") return null
    if (outcome !== "ended" && outcome !== "timed_out" && outcome !== "missing") return null
    byFile.set(file, { file, command, exitCode: typeof exitCode === "number" ? exitCode : null, outcome })
  }
  return byFile
}
