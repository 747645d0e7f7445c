import { WindfallError } from "../protocol/errors.ts"

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
      `Cannot use the server address ${text}: it must begin with http:// or https://`,
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
