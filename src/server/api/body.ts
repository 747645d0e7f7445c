import type { IncomingMessage } from "node:http"
import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"

/** The bytes of a request's body: straight from the socket where there is one, which is several times cheaper. */
export function bodyBytes(request: Request, incoming: IncomingMessage | undefined): AsyncIterable<Uint8Array> {
  if (incoming !== undefined) return incoming as AsyncIterable<Uint8Array>
  return request.body ?? nothing()
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/**
 * Reads a body as JSON; an empty one is `undefined`.
 * @throws {WindfallError} too_large, invalid_input
 */
export async function readJson(
  request: Request,
  limitBytes: number,
  bytes: () => AsyncIterable<Uint8Array>,
): Promise<{ readonly text: string; readonly value: unknown }> {
  const declared = Number(request.headers.get("content-length") ?? 0)
  if (declared > limitBytes) throw tooLarge(limitBytes)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of bytes()) {
    length += part.length
    if (length > limitBytes) throw tooLarge(limitBytes)
    parts.push(part)
  }
  if (length === 0) return { text: "", value: undefined }
  try {
    const text = decoder.decode(Buffer.concat(parts))
    return { text, value: JSON.parse(text, text.includes("__proto__") ? refusePrototype : undefined) as unknown }
  } catch (cause) {
    if (cause instanceof WindfallError) throw cause
    throw new WindfallError("invalid_input", "Cannot accept the request: its body is not JSON in UTF-8", {
      hint: `Send what GET /v1/openapi.json describes; no body at all, or {}, where nothing is to be said`,
      cause,
    })
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/** A field of this name would be lost on the way, silently. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name !== "__proto__") return value
  throw new WindfallError(
    "invalid_input",
    'Cannot accept the request: no field or variable may be called "__proto__"',
    {
      hint: "Choose another name for it",
    },
  )
}

function tooLarge(limitBytes: number): WindfallError {
  return new WindfallError("too_large", `Cannot accept the request: it is larger than ${formatBytes(limitBytes)}`, {
    hint: "Send files with POST /v1/blobs; a job's environment holds at most 256 KB",
  })
}
