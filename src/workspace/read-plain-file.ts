import * as fs from "node:fs"
import { errorCode } from "./disk-error.ts"

/** O_NONBLOCK: where a pipe lies in a file's place, opening it must not wait for a writer. */
export const PLAIN_FILE = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK

/**
 * The file's bytes, or `undefined` where something else of that name is there: a folder, a link, a pipe, a device. Never waits.
 * @throws the system's error where it is not there or cannot be read
 */
export function readPlainFile(path: string): Buffer | undefined {
  let file: number
  try {
    file = fs.openSync(path, PLAIN_FILE)
  } catch (error) {
    if (errorCode(error) === "ELOOP" || errorCode(error) === "ENXIO") return undefined
    throw error
  }
  try {
    return fs.fstatSync(file).isFile() ? fs.readFileSync(file) : undefined
  } finally {
    fs.closeSync(file)
  }
}
