import { closeSync, constants, type Dir, fstatSync, openSync, readSync } from "node:fs"
import { lstat, opendir, rm, unlink } from "node:fs/promises"
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

/** Names that one look reads: who puts tens of thousands there is dealt with in portions. */
const MOST_NAMES = 2_000
/** Requests that one look takes of those who are heard first, and of all others. */
const MOST_FIRST = 50
const MOST_OTHERS = 20
/** So many of one account at once are nobody's wish. */
const MOST_WAITING = 200
const MOST_CLEARED = 200
/** Of the system's calls that are under way at once: others wait for the same threads. */
const AT_ONCE = 50
const STAYS_MS = 60_000

/** A file that somebody has put there. */
export interface ReceivedRequest {
  readonly id: string
  /** The number of the account that the file belongs to. */
  readonly uid: number
  /** What is asked for, or why that cannot be read. */
  readonly request: OwnerRequest | WindfallError
}

export interface InboxLook {
  readonly requests: readonly ReceivedRequest[]
  /** Whether something is left for the next look. */
  readonly isMore: boolean
}

/** A name in the folder, and whose it is. */
interface Found {
  readonly path: string
  readonly id: string | null
  readonly uid: number
  readonly mtimeMs: number
}

/**
 * The requests that lie in a folder, as far as they are files of one account each: links, pipes, what is too large, and what lies there
 * by two names (a file of somebody else, linked there) are taken away unread. Whatever lies there, and however much: a look takes a
 * bounded portion, and goes on where the last one ended. Looks must not overlap.
 */
export class RequestInbox {
  readonly #folder: string
  #pass: Dir | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Takes away what is no request (answers that nobody comes for, above all) after a minute, and unread what an account has put there by
   * the hundred. Never throws.
   * @param isFirst whether an account is heard before all others, and however much it has to say
   */
  async look(nowMs: number, isFirst: (uid: number) => Promise<boolean>): Promise<InboxLook> {
    const names = await this.#portion()
    const looks = await inPortions(names, (name) => lookAt(join(this.#folder, name), name))
    const found = looks.filter((one) => one !== null)
    const waiting = Map.groupBy(
      found.filter((one): one is Asked => one.id !== null),
      ({ uid }) => uid,
    )
    const [first, others, surplus]: [Asked[], Asked[], Asked[]] = [[], [], []]
    // Who has least to say is not kept waiting by who says most.
    for (const [uid, all] of [...waiting].sort(([, a], [, b]) => a.length - b.length)) {
      if (await isFirst(uid)) first.push(...all)
      else {
        const heard = all.slice(0, MOST_OTHERS - Math.min(MOST_OTHERS, others.length))
        others.push(...heard)
        if (all.length > MOST_WAITING) surplus.push(...all.slice(heard.length))
      }
    }
    const old = found.filter((one) => one.id === null && one.mtimeMs < nowMs - STAYS_MS)
    await inPortions([...old.slice(0, MOST_CLEARED), ...surplus], ({ path }) => discard(path))
    const requests: ReceivedRequest[] = []
    const taken = [...first.slice(0, MOST_FIRST), ...others]
    for (const { path, id } of taken) {
      const one = receive(path, id)
      if (one === null) await discard(path)
      else requests.push(one)
    }
    // Each account's in the order in which they were said.
    const saidAt = ({ request }: ReceivedRequest) => (request instanceof WindfallError ? 0 : request.at)
    requests.sort((a, b) => saidAt(a) - saidAt(b))
    const asked = [...waiting.values()].reduce((sum, { length }) => sum + length, 0)
    const isMore = this.#pass !== null || asked > taken.length + surplus.length || old.length > MOST_CLEARED
    return { requests, isMore }
  }

  close(): void {
    this.#pass?.close().catch(() => {})
    this.#pass = null
  }

  async #portion(): Promise<string[]> {
    const names: string[] = []
    try {
      this.#pass ??= await opendir(this.#folder, { bufferSize: MOST_NAMES })
      while (names.length < MOST_NAMES) {
        const entry = await this.#pass.read()
        if (entry === null) {
          this.close()
          break
        }
        names.push(entry.name)
      }
    } catch {
      this.close()
    }
    return names
  }
}

type Asked = Found & { readonly id: string }

/** Answers a request and takes it away. Never throws. */
export async function answerRequest(folder: string, answer: OwnerAnswer): Promise<void> {
  try {
    replace(join(folder, saidName(answer.id)), `${answer.text}\n`, 0o644)
    replace(join(folder, answerName(answer.id)), `${JSON.stringify(answer)}\n`, 0o644)
  } catch {
    // A full disk: what was asked for is done all the same.
  }
  await discard(join(folder, `${answer.id}.request`))
}

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

async function lookAt(path: string, name: string): Promise<Found | null> {
  try {
    const { uid, mtimeMs } = await lstat(path)
    return { path, id: requestIdOf(name), uid, mtimeMs }
  } catch {
    return null
  }
}

async function inPortions<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let from = 0; from < all.length; from += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map(act))))
  }
  return done
}

async function discard(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch {
    // What cannot be taken away is taken for nothing at each look.
    await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}
