export interface Column {
  readonly title: string
  /** Numbers read best with their ends in line. */
  readonly right?: boolean
}

const GAP = "  "

/**
 * Rows under titles, as narrow as they can be. When they are wider than `width`, the last column is cut: it holds the text
 * that can be read elsewhere in full. Without `width` (no terminal) nothing is cut.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], width?: number): string {
  const clean = rows.map((row) => row.map(printable))
  const widths = columns.map((column, at) =>
    Math.max(textWidth(column.title), ...clean.map((row) => textWidth(row[at] ?? ""))),
  )
  const line = (cells: readonly string[]) => {
    const padded = columns.map((column, at) => {
      const cell = cells[at] ?? ""
      const space = " ".repeat(Math.max(0, (widths[at] ?? 0) - textWidth(cell)))
      if (at === columns.length - 1 && column.right !== true) return cell
      return column.right === true ? space + cell : cell + space
    })
    const text = padded.join(GAP).trimEnd()
    return width === undefined ? text : cutText(text, width)
  }
  return [line(columns.map((column) => column.title)), ...clean.map(line)].map((text) => `${text}\n`).join("")
}

/** Names and values below each other, values in one column. */
export function renderPairs(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => textWidth(name)))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join("")
}

/** "a", "a and b", or of more "a and 2 more". */
export function firstAndMore(names: readonly string[]): string {
  return names.length < 3 ? names.join(" and ") : `${names[0]} and ${names.length - 1} more`
}

/** Cuts to `width` columns, with an ellipsis where something is missing. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let cut = ""
  let used = 0
  for (const character of text) {
    const wide = characterWidth(character)
    if (used + wide > width - 1) break
    cut += character
    used += wide
  }
  return `${cut}…`
}

/** Shortens a name to `width` columns from its middle: names that are alike mostly differ at their ends. */
export function shortName(name: string, width: number): string {
  const clean = printable(name)
  if (textWidth(clean) <= width) return clean
  const characters = [...clean]
  const tailWidth = Math.floor((width - 1) / 2)
  let tail = ""
  while (characters.length > 0 && textWidth((characters.at(-1) ?? "") + tail) <= tailWidth)
    tail = characters.pop() + tail
  return cutText(clean, width - textWidth(tail)) + tail
}

/** Columns a text takes on a terminal: East Asian wide characters and emoji take two, combining marks none. */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (/^(?:\p{Mn}|\p{Me}|[\u200b-\u200f]|[\ufe00-\ufe0f])$/u.test(character)) return 0
  if (
    /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\uff01-\uff60]$/u.test(
      character,
    )
  )
    return 2
  return 1
}

/** Control characters, separators of lines, and marks that turn the direction of a text around. */
export const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** What others chose (names, commands) must not steer the terminal: control characters are shown as what they are. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    if (character === "\n") return "\\n"
    if (character === "\t") return "\\t"
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`
  })
}

/** The same of several lines of Windfall's own that have words of others in them: line breaks stay what they are. */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join("\n")
}

/** `1 file`, `12 files`. */
export function countText(files: number): string {
  return `${files} file${files === 1 ? "" : "s"}`
}
