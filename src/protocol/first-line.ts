/** What is used of a stream whose first line is words and whose rest is bytes. */
export interface LinedStream {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown
  on(event: "end" | "close", listener: () => void): unknown
  on(event: "error", listener: (error: Error) => void): unknown
  off(event: "data", listener: (chunk: Uint8Array) => void): unknown
  off(event: "end" | "close", listener: () => void): unknown
  off(event: "error", listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
  unshift(chunk: Uint8Array): void
}

const LINE_FEED = 10
const LONGEST_LINE = 1_024

/**
 * Reads one line of a stream that nobody else reads yet, and leaves it paused before what comes next.
 * @throws {Error} when it ends before, or the line is too long
 */
export function readFirstLine(stream: LinedStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const decoder = new TextDecoder()
  let text = ""
  const done = () => {
    stream.off("data", take)
    stream.off("end", ended)
    stream.off("close", ended)
    stream.off("error", failed)
  }
  const failed = (error: Error) => {
    done()
    reject(error)
  }
  const ended = () => failed(new Error("the connection was closed"))
  const take = (chunk: Uint8Array) => {
    const at = chunk.indexOf(LINE_FEED)
    text += decoder.decode(at === -1 ? chunk : chunk.subarray(0, at), { stream: true })
    if (text.length > LONGEST_LINE) failed(new Error("a line that is too long"))
    else if (at !== -1) {
      done()
      stream.pause()
      if (at + 1 < chunk.length) stream.unshift(chunk.subarray(at + 1))
      resolve(text)
    }
  }
  stream.on("data", take)
  stream.on("end", ended)
  stream.on("close", ended)
  stream.on("error", failed)
  stream.resume()
  return promise
}
