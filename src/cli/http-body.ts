import type { ClientRequest, IncomingMessage } from "node:http"
import { WindfallError } from "../protocol/errors.ts"

/** The whole body. Listening to its events is quicker to get going than iterating over it. */
export function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    response.on("data", (chunk: Buffer) => chunks.push(chunk))
    response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
    response.on("error", reject)
    response.on("close", () => {
      if (!response.complete) reject(Object.assign(new Error("the answer broke off"), { code: "ECONNRESET" }))
    })
  })
}

/** The body as JSON; `undefined` for an empty one. @throws {WindfallError} `protocol_mismatch` */
export async function readJson(response: IncomingMessage): Promise<unknown> {
  const text = await readText(response)
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new WindfallError(
      "protocol_mismatch",
      `Cannot read the server's answer: it is not JSON: ${text.slice(0, 120)}`,
      {
        hint: "Is this the address of a Windfall server?",
      },
    )
  }
}

/** What a refusal says: the server's own error, or what somebody else's server answered. */
export async function readError(response: IncomingMessage, method: string, path: string): Promise<WindfallError> {
  const text = await readText(response)
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === "object" && body !== null && "error" in body) return withLoginHint(WindfallError.fromBody(body))
  } catch {
    // Not one of ours: say what came.
  }
  const what = text.trim().replaceAll(/\s+/g, " ").slice(0, 120)
  return new WindfallError(
    response.statusCode === 503 ? "server_unreachable" : "protocol_mismatch",
    `Cannot ${method} ${path}: the answer was ${response.statusCode}${what === "" ? "" : ` ${what}`}`,
    { hint: "Is this the address of a Windfall server of this release?" },
  )
}

function withLoginHint(error: WindfallError): WindfallError {
  if (error.hint !== undefined || (error.code !== "not_logged_in" && error.code !== "token_expired")) return error
  return new WindfallError(error.code, error.message, {
    hint: "Log in again: windfall login URL",
    details: error.details,
  })
}

/** Writes the pieces as the connection takes them, then ends the request. */
export async function sendBytes(
  request: ClientRequest,
  source: AsyncIterable<Uint8Array>,
  onSent?: (bytes: number) => void,
): Promise<void> {
  for await (const chunk of source) {
    if (request.destroyed) return
    if (!request.write(chunk)) {
      await new Promise<void>((resolve) => {
        const go = () => {
          request.off("drain", go)
          request.off("close", go)
          resolve()
        }
        request.on("drain", go)
        request.on("close", go)
      })
    }
    onSent?.(chunk.length)
  }
  request.end()
}
