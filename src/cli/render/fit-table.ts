import { cutText, printable, textWidth } from "./table.ts"

/** A column of which less may be shown where there is less room. */
export interface FitColumn {
  readonly title: string
  /** The title is only what {@link Shed} calls it by. */
  readonly untitled?: boolean
  /** Numbers read best with their ends in line. */
  readonly right?: boolean
  /** For each row its text, the longest form first; each row has as many forms. */
  readonly cells: readonly (readonly string[])[]
  /** Words, which may be cut at the terminal's edge. Only the last column can have them. */
  readonly isWords?: boolean
  /** Colours a cell that is padded already. */
  readonly style?: (padded: string, row: number) => string
}

/** One step towards fitting: a column goes, or takes its next shorter form. */
export interface Shed {
  readonly title: string
  readonly to: "shorter" | "nothing"
}

const GAP = "  "
/** Words that are cut at the terminal's edge are worth their place from here. */
const LEAST_WORDS = 16

interface Shown {
  readonly column: FitColumn
  readonly form: number
}

/**
 * Lines of a table with its titles first, in `width` columns: the sheds are made one after the other until it fits, and the last
 * column, which holds words, is cut. Columns in which no row says anything are left out, but for the first two. Without `width`
 * all is shown in full.
 */
export function fitTable(columns: readonly FitColumn[], sheds: readonly Shed[], width?: number): string[] {
  const rows = columns[0]?.cells.length ?? 0
  let shown: Shown[] = columns
    .filter((column, at) => at < 2 || saysAnything(column))
    .map((column) => ({ column, form: 0 }))
  for (const shed of sheds) {
    if (width === undefined || leastWidth(shown) <= width) break
    shown = shown.flatMap((one) => (one.column.title === shed.title ? shedOne(one, shed) : [one]))
  }
  const widths = shown.map((one) => columnWidth(one))
  return [-1, ...Array.from({ length: rows }, (_, row) => row)].map((row) => lineOf(shown, widths, row, width))
}

function saysAnything({ cells }: FitColumn): boolean {
  return cells.some((forms) => forms[0] !== "" && forms[0] !== "-")
}

function shedOne(one: Shown, { to }: Shed): Shown[] {
  if (to === "nothing") return []
  const forms = one.column.cells[0]?.length ?? 1
  return [{ column: one.column, form: Math.min(one.form + 1, forms - 1) }]
}

function textOf({ column, form }: Shown, row: number): string {
  if (row < 0) return column.untitled === true ? "" : column.title
  return printable(column.cells[row]?.[form] ?? "")
}

function columnWidth(one: Shown): number {
  return Math.max(...[-1, ...one.column.cells.keys()].map((row) => textWidth(textOf(one, row))))
}

/** What it takes when words give way as far as they may. */
function leastWidth(shown: readonly Shown[]): number {
  const widths = shown.map((one) => {
    const width = columnWidth(one)
    return one.column.isWords === true ? Math.min(width, LEAST_WORDS) : width
  })
  return widths.reduce((sum, each) => sum + each, 0) + GAP.length * Math.max(0, widths.length - 1)
}

function lineOf(shown: readonly Shown[], widths: readonly number[], row: number, width: number | undefined): string {
  const plain = shown.map((one, at) => {
    const text = textOf(one, row)
    const space = " ".repeat(Math.max(0, (widths[at] ?? 0) - textWidth(text)))
    return one.column.right === true ? space + text : text + space
  })
  const line = plain.join(GAP).trimEnd()
  // A line that is cut before its end loses its colours with it: what is cut is only plain text.
  const room = width === undefined || textWidth(line) <= width
  const styledEnd = shown.findLastIndex(({ column }) => column.style !== undefined)
  const fitsStyled = room || textWidth(plain.slice(0, styledEnd + 1).join(GAP)) < (width ?? 0)
  if (row < 0 || styledEnd < 0 || !fitsStyled) return width === undefined ? line : cutText(line, width)
  const head = plain.slice(0, styledEnd + 1)
  const styled = head.map((cell, at) => shown[at]?.column.style?.(cell, row) ?? cell).join(GAP)
  const tail = line.slice(head.join(GAP).length)
  return width === undefined ? styled + tail : styled + cutText(tail, width - textWidth(head.join(GAP)))
}
