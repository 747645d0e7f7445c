import { WindfallError } from "../../protocol/errors.ts"
import type { HostRecording } from "../../protocol/recording.ts"
import { fs, path } from "../builtin.ts"
import { RECORD_FILE, RECORD_NOTE } from "../facts/record.ts"

/** @throws {WindfallError} invalid_input when there is something already that would be mixed up with the record */
export function checkRecordFolder(folder: string): void {
  const parent = path.dirname(folder)
  if (fs.statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new WindfallError("invalid_input", `Cannot record into ${folder}: there is no folder ${parent}`)
  }
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) return
  const isEmpty = stat.isDirectory() && fs.readdirSync(folder).length === 0
  if (!isEmpty) {
    throw new WindfallError(
      "invalid_input",
      `Cannot record into ${folder}: it is there already and not an empty folder`,
      {
        hint: "Name a folder that does not exist yet",
      },
    )
  }
}

/**
 * Writes all files of a record beside the folder and puts them in its place at once: the folder is either whole or as it was.
 * @throws {WindfallError} corrupt_data for a name that could lead elsewhere, invalid_input when the disk refuses
 */
export function writeRecord(folder: string, recording: HostRecording, note: string): void {
  const { files, takenAt, commands, masked, leftOut } = recording
  const odd = files.find(({ name }) => !/^[\w.,-]{1,200}$/.test(name) || name.startsWith(".") || name === RECORD_FILE)
  if (odd !== undefined) {
    throw new WindfallError(
      "corrupt_data",
      `Cannot record into ${folder}: the server names a file ${JSON.stringify(odd.name)}`,
    )
  }
  const draft = `${folder}.part-${process.pid}`
  try {
    fs.mkdirSync(draft, { mode: 0o700 })
    const mark = { format: "windfall-record", version: 1, takenAt, commands, masked, leftOut }
    for (const { name, text } of files) writeSynced(path.join(draft, name), text)
    writeSynced(path.join(draft, RECORD_NOTE), note)
    writeSynced(path.join(draft, RECORD_FILE), `${JSON.stringify(mark, null, 2)}\n`)
    checkRecordFolder(folder)
    fs.renameSync(draft, folder)
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true })
    if (error instanceof WindfallError) throw error
    const reason = (error as Error).message
    throw new WindfallError("invalid_input", `Cannot record into ${folder}: ${reason}`, { cause: error })
  }
}

function writeSynced(file: string, text: string): void {
  const descriptor = fs.openSync(file, "wx", 0o600)
  try {
    fs.writeFileSync(descriptor, text)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
