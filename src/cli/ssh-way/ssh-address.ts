import { DEFAULT_PORT } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"

/** A server that is reached through ssh: where ssh goes, and where the server listens there. */
export interface SshAddress {
  /** As ssh takes it: a machine or an alias of its configuration, with an account where one was named. */
  readonly destination: string
  /** ssh's port there; `null`: as its configuration says. */
  readonly port: number | null
  /** The server's port on its own loopback. */
  readonly serverPort: number
  /** All of it, always written alike. */
  readonly url: string
}

const FORM =
  /^ssh:\/\/((?:[^\s@:/-][^\s@:/]*@)?(?:[^\s@:/[\]-][^\s@:/[\]]*|\[[0-9a-f:]+\]))(?::(\d{1,5}))?(?:\/(\d{1,5})?)?$/i

export function isSshAddress(text: string): boolean {
  return /^ssh:/i.test(text)
}

/**
 * Reads `ssh://[user@]machine[:port][/server-port]`.
 * @throws {WindfallError} invalid_input
 */
export function readSshAddress(text: string): SshAddress {
  const [, destination, port, serverPort] = FORM.exec(text) ?? []
  const numbers = [port, serverPort].filter((one) => one !== undefined).map(Number)
  if (destination === undefined || numbers.some((one) => one < 1 || one > 65535)) {
    throw new WindfallError(
      "invalid_input",
      `Cannot use the server address ${JSON.stringify(text)}: it is no ssh address`,
      {
        hint: `Write ssh://user@server, with :PORT for ssh's port, and /PORT where the server does not listen on ${DEFAULT_PORT}`,
      },
    )
  }
  const there = Number(serverPort ?? DEFAULT_PORT)
  const url = `ssh://${destination}${port === undefined ? "" : `:${port}`}${there === DEFAULT_PORT ? "" : `/${there}`}`
  return {
    destination: destination.replace(/\[|\]/g, ""),
    port: port === undefined ? null : Number(port),
    serverPort: there,
    url,
  }
}
