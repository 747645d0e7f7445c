import { readFileSync } from "node:fs"
import { HUB_LIMITS, type HubLimits, readHubUrl, USUAL_HUB } from "../../hub/hub.ts"
import type { HubFetch } from "../../hub/proxied-fetch.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"

/** The secret that Hugging Face's own programs look for, under the same name. */
const USUAL_SECRET = "HF_TOKEN"

/** From where the server fetches models, as its administrator says. */
export interface HubSettings {
  readonly url: URL
  /** A file with the token of the lab; read anew each time, so that it can be changed. */
  readonly tokenFile: string | null
  readonly limits: HubLimits
  /** Asks through a proxy. */
  readonly fetch?: HubFetch | undefined
}

/** @throws {WindfallError} invalid_input for what is no address */
export function hubSettings(
  said: Partial<Omit<HubSettings, "url">> & { readonly url?: string | undefined },
): HubSettings {
  return {
    url: readHubUrl(said.url ?? USUAL_HUB),
    tokenFile: said.tokenFile ?? null,
    limits: said.limits ?? HUB_LIMITS,
    fetch: said.fetch,
  }
}

/**
 * The hub somebody asks for.
 * @throws {WindfallError} not_allowed for one that only administrators may have the server ask
 */
export function chooseHub(settings: HubSettings, caller: Caller, typed: string | null): URL {
  if (typed === null) return settings.url
  const url = readHubUrl(typed)
  if (url.href === settings.url.href || url.href === readHubUrl(USUAL_HUB).href || caller.role === "admin") return url
  throw new WindfallError(
    "not_allowed",
    `Cannot fetch from ${url.origin}: this server fetches from ${settings.url.origin}`,
    {
      hint: "Leave HF_ENDPOINT away; or an administrator sets it for all: windfall up --hub URL",
    },
  )
}

/**
 * The token to ask a hub with: of the secret that was named, or that is called HF_TOKEN; else the lab's, for the lab's own hub. `null`:
 * as nobody.
 * @throws {WindfallError} secret_not_found, invalid_input when the lab's cannot be read
 */
export function hubToken(
  core: Core,
  settings: HubSettings,
  user: string,
  hub: URL,
  secret: string | null,
): string | null {
  const isUsual = hub.origin === settings.url.origin || hub.origin === USUAL_HUB
  // Nobody has said that a token of the usual name is meant for a hub of another.
  const name = secret ?? (isUsual ? USUAL_SECRET : null)
  const sealed = name === null ? undefined : core.store.accounts.secret(user, name)
  if (sealed !== undefined) return checked(core.secrets.open(sealed, `${user}/${name}`), `the secret ${name}`)
  if (secret !== null)
    throw new WindfallError("secret_not_found", `Cannot ask ${hub.origin}: ${user} has no secret ${secret}`, {
      hint: `Store it: windfall secret set ${secret}`,
    })
  if (settings.tokenFile === null || hub.origin !== settings.url.origin) return null
  let text: string
  try {
    text = readFileSync(settings.tokenFile, "utf8")
  } catch (error) {
    throw new WindfallError(
      "invalid_input",
      `Cannot read the token for ${hub.origin}: ${(error as NodeJS.ErrnoException).code}`,
      {
        hint: "An administrator has named its file: windfall up --hub-token-file FILE",
      },
    )
  }
  return checked(text, "the file of windfall up --hub-token-file")
}

function checked(text: string, where: string): string {
  const token = text.trim()
  if (token.length <= 4_096 && /^[\x21-\x7e]+$/.test(token)) return token
  throw new WindfallError("invalid_input", `Cannot use ${where} as a token: it is none`, {
    hint: "It has the token alone, in one line",
  })
}
