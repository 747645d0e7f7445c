import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import { isId, type RunId, type ServerId } from "../protocol/ids.ts"
import type { ServerInstance } from "../protocol/server-instance.ts"
import { isDiskFull, writeDurably } from "./durable-file.ts"
import type { HostClock } from "./host-clock.ts"
import type { HostFolder } from "./host-folder.ts"
import { readIfThere } from "./own-file.ts"

/** A server at another place that was heard of within this time may still run. Servers that live are heard every 10 s. */
const FRESH_MS = 30_000
/** How often a contact is noted. */
const NOTE_MS = 2_000
/** Runs that were followed by others and would come back only by mistake. */
const MOST_FORMER = 50

interface HeldBy extends ServerInstance {
  /** When this place came to hold the host, by the host's clock. */
  readonly since: number
  /** Runs that held the host before, the latest first. */
  readonly former: readonly RunId[]
}

export interface HolderOptions {
  readonly folder: Pick<HostFolder, "holder" | "contact">
  readonly server: ServerId
  readonly instance: ServerInstance
  readonly clock: Pick<HostClock, "now" | "sleepCountingMs">
  readonly bootId: string
}

/**
 * Tells a server from a copy of it: a copied data folder has the same id and the same key, and the claim lets both in. The
 * host notes which run was heard here last, from which place, and when. Another run at the same place is the next start of
 * that server. One at another place is let in once the first has said goodbye or has been silent for {@link FRESH_MS}; a run
 * that another has followed never comes back.
 */
export class Holder {
  readonly #options: HolderOptions
  #taken = false
  #written = false
  #contactFile: number | undefined
  #notedAt = Number.NEGATIVE_INFINITY

  constructor(options: HolderOptions) {
    this.#options = options
  }

  /**
   * Whether this instance may use the host. Changes nothing.
   * @throws {WindfallError} server_doubled with `details`: the other as it named itself, `since` when, and `seen`, which
   *   differs from one refusal to the next if the other was heard of in between; `null` where it has followed this run
   */
  check(): void {
    const { folder, instance } = this.#options
    const record = readRecord(folder.holder)
    if (record === null || record.run === instance.run) return
    if (record.former.includes(instance.run)) throw this.#doubled(record, null)
    if (record.place === instance.place) return
    const seen = this.#freshContact()
    if (seen !== null) throw this.#doubled(record, seen)
  }

  /**
   * Makes the host this instance's. When it returns, that is on the disk; on a full one, with the first contact that finds room.
   * @throws {WindfallError} as `check`
   */
  take(): void {
    if (this.#taken) return
    this.check()
    this.#write()
    this.#taken = true
    this.contact()
  }

  /** Something of the server has just arrived. */
  contact(): void {
    const now = performance.now()
    if (!this.#taken || now - this.#notedAt < NOTE_MS) return
    this.#notedAt = now
    const { folder, clock, bootId } = this.#options
    // In place and of one length: nothing is allocated, so that a full disk does not make a server seem silent.
    const text = `${bootId} ${String(clock.sleepCountingMs()).padStart(15)}\n`
    try {
      if (!this.#written) this.#write()
      this.#contactFile ??= openSync(folder.contact, constants.O_RDWR | constants.O_CREAT, 0o600)
      writeSync(this.#contactFile, text, 0)
    } catch {
      // A missing note matters only to a copy of this server.
    }
  }

  /** The server says goodbye: an instance at another place may follow at once. */
  letGo(): void {
    if (!this.#taken) return
    this.#taken = false
    if (this.#contactFile !== undefined) closeSync(this.#contactFile)
    this.#contactFile = undefined
    rmSync(this.#options.folder.contact, { force: true })
  }

  #write(): void {
    const { folder, instance, clock } = this.#options
    const before = readRecord(folder.holder)
    try {
      if (before?.run !== instance.run) {
        const former = before === null ? [] : [before.run, ...before.former].slice(0, MOST_FORMER)
        const since = before?.place === instance.place ? before.since : clock.now()
        writeDurably(folder.holder, `${JSON.stringify({ ...instance, since, former } satisfies HeldBy)}\n`)
      }
      this.#written = true
    } catch (error) {
      // Jobs of a full host still end, and their server must hear of it.
      if (!isDiskFull(error)) throw error
    }
  }

  /** The note of a contact not long ago, or `null`. */
  #freshContact(): string | null {
    const { folder, clock, bootId } = this.#options
    const note = readIfThere(folder.contact)
    const [, boot, at] = /^(\S+) +(\d+)\n/.exec(note ?? "") ?? []
    if (boot !== bootId) return null
    return Math.abs(clock.sleepCountingMs() - Number(at)) < FRESH_MS ? `${at}` : null
  }

  #doubled(record: HeldBy, seen: string | null): WindfallError {
    const { server } = this.#options
    const { run, place, where, proof, since } = record
    return new WindfallError(
      "server_doubled",
      `Cannot use this host: server ${server} has it from ${where} since ${new Date(since).toISOString()}`,
      {
        hint:
          seen === null
            ? "Both run on copies of one data folder: stop the one that shall not go on, then start the other anew"
            : "If that one has ended, this one gets the host within half a minute; else stop one of the two",
        details: { server, run, place, where, proof, since, seen },
      },
    )
  }
}

function readRecord(path: string): HeldBy | null {
  try {
    const { run, place, where, proof, since, former } = JSON.parse(readIfThere(path) ?? "null") as HeldBy
    if (!isId("r", run) || typeof place !== "string" || typeof where !== "string" || typeof proof !== "string")
      return null
    if (!Number.isFinite(since) || !Array.isArray(former)) return null
    return { run, place, where, proof, since, former }
  } catch {
    return null // Nobody was here, or what is written cannot be read: then it holds nobody off.
  }
}
