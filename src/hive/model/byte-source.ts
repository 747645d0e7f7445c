import { WindfallError } from "../../protocol/errors.ts"

/** A file that is read in pieces, wherever it lies. */
export interface ByteSource {
  /** For messages. */
  readonly name: string
  readonly sizeBytes: number
  /** The bytes from `offset` on; fewer than `length` only where the file ends. */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
}

/** Files side by side, some of which make a model. */
export interface ModelFolder {
  /** The name of the folder itself. */
  readonly name: string
  readonly files: readonly string[]
  /** @throws {WindfallError} `file_not_found` */
  open(file: string): Promise<ByteSource>
}

/** What a model's file must not be. @param reason without a full stop */
export function brokenModel(name: string, reason: string, hint?: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot read ${name}: ${reason}`, { hint })
}

/**
 * A small text file as JSON.
 * @throws {WindfallError} `invalid_input` when it is larger than `maxBytes` or no JSON object
 */
export async function readJsonObject(
  source: ByteSource,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  if (source.sizeBytes > maxBytes) throw brokenModel(source.name, `it has more than ${maxBytes / 1e6} MB`)
  return parseJsonObject(source.name, await source.read(0, source.sizeBytes, signal))
}

/** @throws {WindfallError} `invalid_input` */
export function parseJsonObject(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch (error) {
    throw brokenModel(name, `it is no JSON (${(error as Error).message})`)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw brokenModel(name, "it is no JSON object")
  return value as Readonly<Record<string, unknown>>
}
