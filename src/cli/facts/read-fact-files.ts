import type { FactSheet } from "../../facts/fact-sheet.ts"
import { mergeSheets } from "../../facts/merge.ts"
import { type OutputReading, readOutput } from "../../facts/read-output.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"
import { parseRecord, RECORD_FILE, RECORD_NOTE, type RecordedCommand } from "./record.ts"

/** More than any command prints that is read; `ioreg -l` of a whole Mac has some 10 MB. */
const MOST_BYTES = 16 * 1024 * 1024
const MOST_FILES = 2_000

export interface FactFile {
  /** As it was named, or found in a folder that was. */
  readonly file: string
  /** Why it could not be read at all; `null` when it could. */
  readonly failure: string | null
  readonly reading: OutputReading | null
}

export interface FactGroup {
  readonly files: readonly FactFile[]
  /** Set where all files are said to be of one Mac: what they tell together. */
  readonly record: { readonly folder: string; readonly sheet: FactSheet } | null
  /** What is odd about the folder as a record. */
  readonly note: string | null
}

/**
 * Reads a file, or all files of a folder (not those of folders in it).
 * @throws {WindfallError} when there is no such file
 */
export function readFactGroup(place: string): FactGroup {
  const kind = kindOf(place)
  if (kind === "nothing") throw new WindfallError("file_not_found", `Cannot read ${place}: there is no such file`)
  if (kind !== "folder") return { files: [readFactFile(place, undefined)], record: null, note: null }
  let names: string[]
  try {
    names = fs.readdirSync(place).sort()
  } catch (error) {
    throw new WindfallError("invalid_input", `Cannot read ${place}: ${reasonOf(error)}`, { cause: error })
  }
  const isRecord = names.includes(RECORD_FILE)
  const { commands, fault } = isRecord ? readRecord(path.join(place, RECORD_FILE)) : { commands: null, fault: null }
  const plain = names.filter((name) => {
    const isOfRecord = name === RECORD_FILE || (isRecord && name === RECORD_NOTE)
    return !isOfRecord && !name.startsWith(".") && kindOf(path.join(place, name)) !== "folder"
  })
  const read = plain.slice(0, MOST_FILES).map((name) => readFactFile(path.join(place, name), commands?.get(name)))
  const files = [
    ...read,
    ...failedWithout(names, commands).map((one) => failedFile(path.join(place, one.file), one, "")),
  ]
  const left = plain.length - read.length
  const note = fault ?? (left > 0 ? `${left} more files are left out: at most ${MOST_FILES} are read` : null)
  if (commands === null) return { files, record: null, note }
  const parts = files.flatMap(({ file, reading }) =>
    reading === null ? [] : [{ source: path.basename(file), sheet: reading.sheet }],
  )
  return { files, record: { folder: place, sheet: mergeSheets(parts) }, note }
}

/** What cannot be looked at counts as a file: to read it says why not. */
function kindOf(place: string): "nothing" | "folder" | "file" {
  try {
    const stat = fs.statSync(place, { throwIfNoEntry: false })
    return stat === undefined ? "nothing" : stat.isDirectory() ? "folder" : "file"
  } catch {
    return "file"
  }
}

function readRecord(file: string): { commands: ReadonlyMap<string, RecordedCommand> | null; fault: string | null } {
  const text = readText(file)
  if (typeof text !== "string") return { commands: null, fault: `${RECORD_FILE} cannot be read: ${text.failure}` }
  const commands = parseRecord(text)
  if (commands === null)
    return { commands: null, fault: `${RECORD_FILE} is damaged, so the files count each for itself` }
  return { commands, fault: null }
}

function readFactFile(file: string, recorded: RecordedCommand | undefined): FactFile {
  const text = readText(file)
  if (typeof text !== "string") return { file, failure: text.failure, reading: null }
  if (recorded !== undefined && recorded.outcome !== "ended") return failedFile(file, recorded, text)
  return { file, failure: null, reading: readOutput(text, { hint: path.basename(file) }) }
}

function failedFile(file: string, { outcome, command }: RecordedCommand, text: string): FactFile {
  const isMissing = outcome === "missing"
  const reading = readOutput(text, { hint: path.basename(file), isMissing, isTimedOut: !isMissing })
  const note = isMissing ? `the command is not there: ${command}` : reading.note
  return { file, failure: null, reading: { ...reading, note } }
}

/** Commands that printed nothing because they failed need no file of their own. */
function failedWithout(
  names: readonly string[],
  commands: ReadonlyMap<string, RecordedCommand> | null,
): RecordedCommand[] {
  const there = new Set(names)
  return [...(commands?.values() ?? [])].filter(
    ({ file, outcome }) => outcome !== "ended" && !there.has(file) && path.basename(file) === file,
  )
}

function readText(file: string): string | { readonly failure: string } {
  let bytes: Buffer
  try {
    const stat = fs.statSync(file)
    if (!stat.isFile()) return { failure: "it is no plain file" }
    if (stat.size > MOST_BYTES) return { failure: `it has more than ${MOST_BYTES / 1024 ** 2} MB` }
    bytes = fs.readFileSync(file)
  } catch (error) {
    return { failure: reasonOf(error) }
  }
  const zeros = bytes.subarray(0, 8_192).filter((byte) => byte === 0).length
  if (zeros > 16) return { failure: "it is binary" }
  return bytes.toString("utf8")
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code
  if (code === "ENOENT") return "there is no such file"
  if (code === "ELOOP") return "its links lead in a circle"
  if (code === "EACCES" || code === "EPERM") return "this account may not"
  return error instanceof Error ? error.message : String(error)
}
