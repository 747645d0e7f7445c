import { createHash } from "node:crypto"
import { readPieces } from "./file-pieces.ts"

/** The sha256 of a file's content, in hex. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256")
  for await (const piece of readPieces(path)) {
    signal.throwIfAborted()
    hash.update(piece)
  }
  return hash.digest("hex")
}
