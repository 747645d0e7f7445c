import { closest } from "../../base/closest.ts"
import { readPolicy } from "../../presence/policy-values.ts"
import { type AcceptedLook, type AccountLook, readAccountLook } from "../../protocol/account-look.ts"
import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

/** Whose jobs may run there must be users, or a misspelt name keeps somebody out unseen. @throws {WindfallError} user_not_found */
export function checkWho(core: Pick<Core, "store">, { who }: Readonly<Record<string, string | null>>): void {
  if (who === null || who === undefined) return
  const said = readPolicy({ who }).who ?? []
  if (typeof said === "string") return
  const names = core.store.accounts.users().map(({ name }) => name)
  const wrong = said.find((name) => !names.includes(name))
  if (wrong === undefined) return
  const near = closest(wrong, names)
  throw new WindfallError("user_not_found", `Cannot set who: there is no user ${JSON.stringify(wrong)}`, {
    hint: `${near === undefined ? "" : `Did you mean ${near}? `}All users: windfall user ls. Besides, everyone and nobody are words of their own`,
    details: { field: "who" },
  })
}

const LOOK_MS = 10_000
const MOST_BYTES = 16 * 1024

/** Whose a host is said to be must be a user: nobody else could pause it, or be told anything. @throws {WindfallError} user_not_found */
export function checkOwner(core: Pick<Core, "store">, owner: string | null | undefined): void {
  if (owner === null || owner === undefined) return
  const names = core.store.accounts.users().map(({ name }) => name)
  if (names.includes(owner)) return
  const near = closest(owner, names)
  const text = `Cannot say that a host is ${JSON.stringify(owner.slice(0, 64))}'s: there is no user of that name`
  throw new WindfallError("user_not_found", text, {
    hint:
      near === undefined
        ? "See all users: windfall user ls   A new one: windfall user add NAME"
        : `Did you mean ${near}? All users: windfall user ls`,
  })
}

/**
 * Asks a Mac whether it has an account of that name. What cannot be told keeps nobody from saying it.
 * @throws {WindfallError} invalid_input where the Mac says that it has none
 */
export async function checkConsoleAccount(
  channel: Pick<HostChannel, "ask">,
  account: string,
  name: string,
  signal: AbortSignal,
): Promise<AcceptedLook> {
  const look = await lookThere(channel, account, signal)
  if (look.found === "missing") throw noAccount(account, name, look.nearest)
  return look
}

/** Never throws, but where `signal` was aborted. */
export async function lookThere(
  channel: Pick<HostChannel, "ask">,
  account: string,
  signal: AbortSignal,
): Promise<AccountLook> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)])
  try {
    const body = await channel.ask(AGENT_PATHS.account, { name: account }, { signal: within })
    return readAccountLook(JSON.parse(await textOf(body)))
  } catch (error) {
    signal.throwIfAborted()
    const isOld = error instanceof WindfallError && error.code === "route_not_found"
    const reason = isOld ? "its agent is of an earlier release" : `asking it failed: ${(error as Error).message}`
    return { found: "unknown", reason }
  }
}

/** @param name what the host is called */
export function noAccount(account: string, name: string, nearest: string | null): WindfallError {
  return new WindfallError(
    "invalid_input",
    `Cannot take ${account} for the owner's account: ${name} has no such account`,
    {
      hint: nearest === null ? "See its accounts there: dscl . -list /Users" : `Did you mean ${nearest}?`,
    },
  )
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > MOST_BYTES) throw new Error("it answers too much")
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString("utf8")
}
