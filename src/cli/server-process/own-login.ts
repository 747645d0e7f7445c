import { WindfallError } from "../../protocol/errors.ts"
import { os } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { Client } from "../client.ts"
import { type Login, readLogin, writeLogin } from "../config.ts"
import { serverAt, serverOn } from "./server-note.ts"
import type { ReadyServer } from "./spawn-server.ts"

const ANSWER_MS = 10_000

/** As it is reached from here, whatever this machine is called. */
export function loopbackUrl(url: string): string {
  return `https://127.0.0.1:${new URL(url).port || 443}`
}

export function isHere(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || host.startsWith("127.")
}

/**
 * The login as it works from here, trusting the server's own certificate where that is not signed by anybody known here.
 * `undefined` when it does not: the name in the certificate may lead elsewhere.
 */
export async function workingLogin(
  cli: Cli,
  ready: ReadyServer,
  token: string,
  lan: boolean,
): Promise<Login | undefined> {
  const { url, certificate, fingerprint } = ready
  if (certificate === null || fingerprint === null) return { url, token }
  if (lan) return { url: loopbackUrl(url), token, ca: certificate, fingerprint }
  for (const one of [
    { url, token },
    { url, token, ca: certificate },
  ]) {
    if (await works(cli, one)) return one
  }
  return undefined
}

/**
 * Lets this account's login follow its server, which has just come up on this data folder at another address or with another
 * certificate. Only one that led to this machine, that no longer works, and whose token this server takes is touched; the
 * token stays. To be called before the new note is written.
 * @returns the new address, or `undefined` where nothing was to be done
 */
export async function followServer(
  cli: Cli,
  ready: ReadyServer,
  data: string,
  lan: boolean,
): Promise<string | undefined> {
  try {
    const stored = readLogin(cli.settings)
    if (stored === undefined || !mayBeOf(cli, stored, data) || (await works(cli, stored))) return undefined
    const { certificate, fingerprint } = ready
    const { token } = stored
    const login = await workingLogin(cli, ready, token, lan)
    const pinned =
      certificate === null || fingerprint === null
        ? []
        : [{ url: loopbackUrl(ready.url), token, ca: certificate, fingerprint }]
    for (const one of [...(login === undefined ? [] : [login]), ...pinned]) {
      if (!(await works(cli, one))) continue
      writeLogin(cli.settings, one)
      return one.url
    }
  } catch (error) {
    // The server runs; a login that cannot be read or kept says so itself when it is used.
    if (!(error instanceof WindfallError)) throw error
  }
  return undefined
}

/** A copy of a data folder takes the same tokens: what leads to the server of another folder stays. */
function mayBeOf({ settings }: Cli, { url, socket }: Login, data: string): boolean {
  if (socket !== undefined || !URL.canParse(url)) return false
  if (serverOn(settings, data)?.url === url) return true
  const other = serverAt(settings, url)
  if (other !== undefined && other.data !== data) return false
  const { hostname } = new URL(url)
  const own = os.hostname().toLowerCase().split(".", 1)[0]
  return isHere(hostname) || hostname.split(".", 1)[0] === own
}

async function works(cli: Cli, login: Login): Promise<boolean> {
  const client = new Client({ login, clock: cli.clock, random: cli.random })
  // What listens at an old address may be anything, and say nothing.
  const signal = AbortSignal.timeout(ANSWER_MS)
  try {
    await client.get("/v1/me", { patienceMs: 0, signal })
    return true
  } catch (error) {
    if (!(error instanceof WindfallError) && !signal.aborted) throw error
    return false
  } finally {
    client.close()
  }
}
