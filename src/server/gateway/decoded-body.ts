import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib"
import { badRequest, GatewayProblem } from "../../gateway/gateway-problem.ts"

type Decode = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

/** Encodings of HTTP a body may come in. */
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
])

/**
 * A body as it was before its client packed it, of at most so many bytes: a few kilobytes may say that they are gigabytes.
 * @throws {GatewayProblem} wrong_encoding, too_large, bad_request
 */
export async function decoded(bytes: Buffer, encoding: string | undefined, most: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? ""
  if (name === "" || name === "identity") return bytes
  const decode = DECODERS.get(name)
  if (decode === undefined)
    throw new GatewayProblem("wrong_encoding", `The content-encoding must be one of ${[...DECODERS.keys()].join(", ")}`)
  try {
    return await decode(bytes, { maxOutputLength: most })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ERR_BUFFER_TOO_LARGE")
      throw new GatewayProblem("too_large", `The request is larger than ${Math.floor(most / 1024 ** 2)} MiB`)
    throw badRequest(`The body of the request is not what its content-encoding says: ${name}`)
  }
}
