import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, rmSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../../protocol/errors.ts"
import {
  answerName,
  MOST_REQUEST_BYTES,
  type OwnerAnswer,
  type OwnerRequest,
  readRequest,
  requestIdOf,
  saidName,
} from "../../protocol/owner-request.ts"
import { systemCode } from "../own-file.ts"
import { replace } from "./owner-folder.ts"

/** Who has more to say at once is heard at the next look. */
const MOST_AT_ONCE = 50
const ANSWERS_STAY_MS = 60_000

/** A file that somebody has put there. */
export interface ReceivedRequest {
  readonly id: string
  /** The number of the account that the file belongs to. */
  readonly uid: number
  /** What is asked for, or why that cannot be read. */
  readonly request: OwnerRequest | WindfallError
}

/**
 * The requests that lie in a folder, as far as they are files of one account each: links, pipes, what is too large, and what lies there
 * by two names (a file of somebody else, linked there) are taken away unread. Never waits for anything.
 */
export function receivedRequests(folder: string): ReceivedRequest[] {
  const received: ReceivedRequest[] = []
  for (const name of namesIn(folder)) {
    const id = requestIdOf(name)
    if (id === null) continue
    const one = receive(join(folder, name), id)
    if (one === null) discard(join(folder, name))
    else received.push(one)
    if (received.length === MOST_AT_ONCE) break
  }
  // Each account's in the order in which they were said.
  const saidAt = ({ request }: ReceivedRequest) => (request instanceof WindfallError ? 0 : request.at)
  return received.sort((a, b) => saidAt(a) - saidAt(b))
}

/** Answers a request and takes it away. Never throws. */
export function answerRequest(folder: string, answer: OwnerAnswer): void {
  try {
    replace(join(folder, saidName(answer.id)), `${answer.text}\n`, 0o644)
    replace(join(folder, answerName(answer.id)), `${JSON.stringify(answer)}\n`, 0o644)
  } catch {
    // A full disk: what was asked for is done all the same.
  }
  discard(join(folder, `${answer.id}.request`))
}

/** Takes away answers that nobody comes for. Never throws. */
export function clearAnswers(folder: string, nowMs: number): void {
  for (const name of namesIn(folder)) {
    const id = Object.values(ENDINGS).some((ending) => name.endsWith(ending))
    const path = join(folder, name)
    if (id && (mtimeMs(path) ?? nowMs) < nowMs - ANSWERS_STAY_MS) discard(path)
  }
}

const ENDINGS = { answer: answerName(""), said: saidName("") }

function receive(path: string, id: string): ReceivedRequest | null {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    // Its writer may have forgotten that others must be able to read it: then nobody can tell whose word it is either.
    return systemCode(error) === "EMFILE" ? { id, uid: -1, request: unread("too many files are open") } : null
  }
  try {
    // What was opened counts, whatever bears the name by now.
    const found = fstatSync(file)
    if (!found.isFile() || found.nlink !== 1 || found.size > MOST_REQUEST_BYTES) return null
    const bytes = Buffer.alloc(MOST_REQUEST_BYTES + 1)
    const count = readSync(file, bytes, 0, bytes.length, 0)
    if (count > MOST_REQUEST_BYTES) return null
    return { id, uid: found.uid, request: read(id, bytes.toString("utf8", 0, count)) }
  } catch (error) {
    return { id, uid: -1, request: unread((error as Error).message) }
  } finally {
    closeSync(file)
  }
}

function read(id: string, text: string): OwnerRequest | WindfallError {
  try {
    return readRequest(id, text)
  } catch (error) {
    return error instanceof WindfallError ? error : unread((error as Error).message)
  }
}

function unread(reason: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot read the request: ${reason}`)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function mtimeMs(path: string): number | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      return fstatSync(file).mtimeMs
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // What cannot be taken away is taken for nothing at each look.
    }
  }
}
