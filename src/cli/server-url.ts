import { WindfallError } from "../protocol/errors.ts"
import type { Login } from "./config.ts"

/** Checks and normalizes a server's address. @throws {WindfallError} `invalid_input` */
export function readServerUrl(text: string): URL {
  let url: URL
  try {
    url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`)
  } catch {
    throw new WindfallError("invalid_input", `Cannot use the server address ${JSON.stringify(text)}: it is not a URL`, {
      hint: "Write for instance http://127.0.0.1:7480 or https://windfall.example.org",
    })
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new WindfallError(
      "invalid_input",
      `Cannot use the server address ${text}: it must begin with http://, https:// or ssh://`,
      { hint: "As windfall up printed it, for instance: windfall login http://127.0.0.1:7480" },
    )
  }
  if (url.username !== "" || url.password !== "") {
    throw new WindfallError("invalid_input", "Cannot use a server address with a password in it", {
      hint: "Give the token to windfall login when it asks, on standard input, or in WINDFALL_TOKEN.",
    })
  }
  return url
}

/** Where to connect for this address, as Node's http takes it: ssh's socket where one leads there. */
export function placeOf(
  { socket }: Login,
  base: URL,
): { socketPath: string } | { host: string; port: string | number } {
  if (socket !== undefined) return { socketPath: socket }
  const { hostname, port, protocol } = base
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (protocol === "https:" ? 443 : 80) : port }
}
