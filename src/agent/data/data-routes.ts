import type { ServerHttp2Stream } from "node:http2"
import type { DataFetched, DataOffer } from "../../protocol/data-wire.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import { type BlobHash, isBlobHash } from "../../protocol/ids.ts"
import type { DataShelf } from "./data-shelf.ts"
import { fetchDirectly } from "./fetch-directly.ts"
import { offerData } from "./offer-data.ts"
import { shelfPiece } from "./shelf-piece.ts"

type ReadJson = (stream: ServerHttp2Stream) => Promise<object>

/** Lets one other host fetch the blobs that the server names, as long as this answer is open. */
export async function offerToAnother(shelf: DataShelf, stream: ServerHttp2Stream, readJson: ReadJson): Promise<void> {
  const hashes = new Set(readHashes(await readJson(stream)))
  const signal = untilClosed(stream)
  const open = await offerData(hashes, (hash, within) => shelfPiece(shelf, hash, within), signal)
  stream.respond({ ":status": 200, "content-type": "application/x-ndjson" })
  stream.write(`${JSON.stringify(open.offer)}\n`)
  await open.ended
  stream.end()
}

/** Fetches blobs from another host, as long as this answer is open, and tells of each that has come. Only what an attempt waits for. */
export async function fetchForServer(shelf: DataShelf, stream: ServerHttp2Stream, readJson: ReadJson): Promise<void> {
  const body = await readJson(stream)
  const offer = readOffer((body as { offer?: unknown }).offer)
  const asked = readHashes(body)
  const hashes = asked.filter((hash) => shelf.isWanted(hash) && !shelf.blobs.has(hash))
  const signal = untilClosed(stream)
  stream.respond({ ":status": 200, "content-type": "application/x-ndjson" })
  const say = (line: DataFetched) => {
    if (!stream.destroyed) stream.write(`${JSON.stringify(line)}\n`)
  }
  for (const hash of asked) if (shelf.blobs.has(hash)) say({ have: hash })
  try {
    if (hashes.length > 0) await fetchDirectly(offer, hashes, shelf, signal, (have) => say({ have }))
  } catch (error) {
    say(toWindfallError(error, "fetch data from another host").toBody())
  }
  stream.end()
}

function untilClosed(stream: ServerHttp2Stream): AbortSignal {
  const closed = new AbortController()
  stream.once("close", () => closed.abort(new Error("the server has gone")))
  return closed.signal
}

function readHashes(body: object): BlobHash[] {
  const { hashes } = body as { readonly hashes?: unknown }
  if (Array.isArray(hashes) && hashes.every(isBlobHash)) return hashes
  throw new WindfallError("invalid_input", "Cannot read which blobs are meant")
}

function readOffer(value: unknown): DataOffer {
  const { addresses, port, key } = (value ?? {}) as Partial<DataOffer>
  const isText = (one: unknown) => typeof one === "string"
  if (Array.isArray(addresses) && addresses.every(isText) && typeof port === "number" && typeof key === "string") {
    return { addresses, port, key }
  }
  throw new WindfallError("invalid_input", "Cannot read an offer of data")
}
