const ROW = /^(reboot|shutdown)\b(?: +(?:time|~))? +[A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d/

/**
 * Whether the system that ran before this boot was shut down in an orderly way, by `last reboot shutdown` (last(1)): newest first,
 * each start is a row `reboot`, and an orderly end one of `shutdown` below it. A start right above another start says that the system
 * between them ended without a word: a panic, a power cut, a held power button. `null` when the record does not go back that far.
 */
export function wasShutDown(text: string): boolean | null {
  const rows = text.split("\n").flatMap((line) => ROW.exec(line)?.[1] ?? [])
  const start = rows.indexOf("reboot")
  const before = start < 0 ? undefined : rows[start + 1]
  return before === undefined ? null : before === "shutdown"
}
