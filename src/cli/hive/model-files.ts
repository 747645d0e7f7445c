import { closest } from "../../base/closest.ts"
import { isRepository, readRepository } from "../../hive/hub/repository.ts"
import { type ByteSource, brokenModel, type ModelFolder } from "../../hive/model/byte-source.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { readReason } from "../read-reason.ts"
import { targetOfNothing } from "./model-links.ts"
import { ownHub } from "./own-hub.ts"

export interface OpenedModel {
  readonly folder: ModelFolder
  /** `null` where the folder itself was named. */
  readonly file: string | null
  /** The names of the files whose headers were read so far. */
  opened(): readonly string[]
}

const HINT = "Name a GGUF file, a folder with config.json and safetensors files, or a repository: OWNER/NAME"

/**
 * The folder of what somebody named, and the file in it: on this disk, or else in a repository of a hub.
 * @throws {WindfallError} `file_not_found`; as hubs refuse
 */
export async function openModel(cli: Cli, typed: string, signal: AbortSignal, images: boolean): Promise<OpenedModel> {
  // A variable that is not set; it would be the folder one is in.
  if (typed === "") throw new WindfallError("invalid_input", "Cannot read a model: its name is empty", { hint: HINT })
  const full = path.resolve(cli.cwd, typed)
  try {
    const isFolder = fs.statSync(full).isDirectory()
    const folder = new FolderOnDisk(isFolder ? full : path.dirname(full))
    return { folder, file: isFolder ? null : path.basename(full), opened: () => [...folder.opened] }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const link = deadLink(full, typed, error)
    if (link !== undefined) throw link
    if ((code === "ENOENT" || code === "ENOTDIR") && meansRepository(typed))
      return openRepository(cli, typed, signal, images)
    throw new WindfallError("file_not_found", `Cannot read ${typed}: ${readReason(error)}`, {
      hint: code === "ENOENT" ? nearText(full) : HINT,
    })
  }
}

/** What to say of a link that leads nowhere; `undefined` for whatever else. */
function deadLink(full: string, name: string, error: unknown): WindfallError | undefined {
  const { code } = error as NodeJS.ErrnoException
  const target = code === "ENOENT" ? targetOfNothing(full) : undefined
  if (target === undefined && code !== "ELOOP") return undefined
  const reason = target === undefined ? readReason(error) : `it is a link to nothing: there is no ${target}`
  return new WindfallError("file_not_found", `Cannot read ${name}: ${reason}`, {
    hint: "Put the file itself in the place of the link",
  })
}

/** What lies beside it and is called nearly so; else what may be named. */
function nearText(full: string): string {
  let near: string | undefined
  try {
    near = closest(path.basename(full), fs.readdirSync(path.dirname(full)))
  } catch {
    // Its folder is not there either.
  }
  return near === undefined ? HINT : `Did you mean ${path.join(path.dirname(full), near)}? ${HINT}`
}

/** Whether what is no file here is meant as a repository: not what ends like a model's file. */
export function meansRepository(typed: string): boolean {
  return isRepository(typed) && !/^[^:]*\.(?:gguf|safetensors|json)$/i.test(typed)
}

/** Whether there is something of this name on this disk, be it a link to nothing. */
export function liesHere(cli: Cli, typed: string): boolean {
  const full = path.resolve(cli.cwd, typed)
  return fs.existsSync(full) || targetOfNothing(full) !== undefined
}

async function openRepository(cli: Cli, typed: string, signal: AbortSignal, images: boolean): Promise<OpenedModel> {
  const { findModel, hubFolder } = await import("../../hub/hub-model.ts")
  const hub = ownHub(cli)
  return { ...hubFolder(hub, await findModel(hub, readRepository(typed), signal, images)), opened: () => [] }
}

class FolderOnDisk implements ModelFolder {
  readonly name: string
  readonly files: readonly string[]
  readonly opened = new Set<string>()
  readonly #path: string

  /** @throws what `readdir` does */
  constructor(full: string) {
    this.#path = full
    this.name = path.basename(full)
    this.files = fs.readdirSync(full)
  }

  async open(file: string): Promise<ByteSource> {
    const full = path.join(this.#path, file)
    try {
      const stat = fs.statSync(full)
      if (!stat.isFile()) throw brokenModel(file, "it is no plain file")
      this.opened.add(file)
      return { name: file, sizeBytes: stat.size, read: async (offset, length) => readRange(full, file, offset, length) }
    } catch (error) {
      if (error instanceof WindfallError) throw error
      throw (
        deadLink(full, file, error) ?? new WindfallError("file_not_found", `Cannot read ${file}: ${readReason(error)}`)
      )
    }
  }
}

/** Opened for each range: these are few, and a model of 150 parts holds no file open. */
function readRange(full: string, name: string, offset: number, length: number): Uint8Array {
  try {
    const file = fs.openSync(full, "r")
    try {
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const read = fs.readSync(file, bytes, filled, length - filled, offset + filled)
        if (read === 0) break
        filled += read
      }
      return bytes.subarray(0, filled)
    } finally {
      fs.closeSync(file)
    }
  } catch (error) {
    throw new WindfallError("file_not_found", `Cannot read ${name}: ${readReason(error)}`)
  }
}
