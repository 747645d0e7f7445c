import { type ClientHttp2Stream, constants } from "node:http2"
import { WindfallError } from "../../protocol/errors.ts"

const MAX_ERROR_BYTES = 64 * 1024

/**
 * Writes all of a body at the pace of the reader at the far end, and ends it. A piece has left before the next one is asked for, so it may be the
 * same memory.
 */
export async function writeAll(stream: ClientHttp2Stream, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (stream.destroyed || stream.closed) return // the answer says why
      await written(stream, chunk)
    }
    stream.end()
  } catch (error) {
    stream.close(constants.NGHTTP2_CANCEL)
    throw error
  }
}

function written(stream: ClientHttp2Stream, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("close", done)
      resolve()
    }
    stream.on("close", done)
    stream.write(chunk, done)
  })
}

/**
 * Waits for the agent's answer to a request: with "stream" returns the body to be read, else reads it to its end.
 * @throws {WindfallError} the agent's own error, or link_lost when the stream ends without an answer
 */
export async function agentAnswer(
  stream: ClientHttp2Stream,
  body: "stream" | "none" = "none",
): Promise<ClientHttp2Stream> {
  const status = await new Promise<number>((resolve, reject) => {
    stream.once("response", (headers) => resolve(Number(headers[":status"])))
    stream.once("error", (cause) => reject(lost(cause)))
    stream.once("close", () => reject(lost(undefined)))
  })
  stream.on("error", () => {}) // from here on told by reading
  if (status === 200 && body === "stream") return stream
  let text = ""
  for await (const chunk of stream.setEncoding("utf8")) {
    text += chunk
    if (text.length > MAX_ERROR_BYTES) break
  }
  if (status === 200) return stream
  let answer: unknown = text
  try {
    answer = JSON.parse(text)
  } catch {
    // fromBody shows the text.
  }
  throw WindfallError.fromBody(answer)
}

function lost(cause: unknown): unknown {
  if ((cause as Error | undefined)?.name === "AbortError") return cause
  return new WindfallError("link_lost", "Cannot reach the host: its link broke before it answered", { cause })
}
