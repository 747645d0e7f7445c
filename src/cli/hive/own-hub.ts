import { HUB_LIMITS, type Hub, readHubUrl, USUAL_HUB } from "../../hub/hub.ts"
import { proxiedFetch } from "../../hub/proxied-fetch.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { say } from "../say.ts"

const LONGEST_TOKEN = 4_096
/** Shorter waits nobody wonders about. */
const SAID_FROM_MS = 5_000

/**
 * The hub as Hugging Face's own programs would ask it from here: HF_ENDPOINT, and the token of HF_TOKEN, HF_TOKEN_PATH or `hf auth
 * login`.
 * @throws {WindfallError} invalid_input for a bad HF_ENDPOINT
 */
export function ownHub(cli: Cli): Hub {
  return {
    base: readHubUrl(endpointOf(cli) ?? USUAL_HUB),
    token: ownToken(cli),
    fetch: proxiedFetch(cli.settings.environment),
    clock: cli.clock,
    random: cli.random,
    // Somebody waits for it.
    limits: { ...HUB_LIMITS, tries: 4 },
    onWait: (reason, waitMs) => {
      if (waitMs >= SAID_FROM_MS) void say(cli, `${reason}; trying again in ${Math.round(waitMs / 1_000)} s`)
    },
  }
}

/** HF_ENDPOINT; `undefined` where it is not set. */
export function endpointOf({ settings }: Cli): string | undefined {
  return settings.environment.HF_ENDPOINT || undefined
}

function ownToken({ settings: { environment, home } }: Cli): string | null {
  const said = environment.HF_TOKEN || environment.HUGGING_FACE_HUB_TOKEN
  if (said !== undefined && said !== "") return readToken(said)
  const folder =
    environment.HF_HOME || path.join(environment.XDG_CACHE_HOME || path.join(home, ".cache"), "huggingface")
  try {
    return readToken(fs.readFileSync(environment.HF_TOKEN_PATH || path.join(folder, "token"), "utf8"))
  } catch {
    return null
  }
}

/** What is no token would be no header either. */
function readToken(text: string): string | null {
  const token = text.trim()
  return token.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(token) ? token : null
}
