/** The one place of the server that reads the environment. */
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { DEFAULT_PORT } from "../protocol/api.ts"

/** Where things lie and where the server listens, before any option is given. */
export interface ServerPlaces {
  readonly dataFolder: string
  /** The key that secrets are encrypted with: outside the data folder, so that a copy of that gives nothing away. */
  readonly keyFile: string
  readonly cacheFolder: string
  readonly host: string
  readonly port: number
  /** Address of the model hub, as Hugging Face's own programs have it; `undefined`: theirs. */
  readonly hub: string | undefined
  /** The account's own: says where packages for hosts are fetched. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Reads WINDFALL_DATA, WINDFALL_KEY_FILE, WINDFALL_CACHE, HF_ENDPOINT, and XDG's folders.
 * @param env for tests; @default process.env
 */
export function readPlaces(env: Readonly<Record<string, string | undefined>> = process.env): ServerPlaces {
  const home = env.HOME || homedir()
  const under = (name: string, fallback: string) => env[name] || join(home, fallback)
  return {
    dataFolder: resolve(env.WINDFALL_DATA || join(under("XDG_DATA_HOME", ".local/share"), "windfall")),
    keyFile: resolve(env.WINDFALL_KEY_FILE || join(under("XDG_CONFIG_HOME", ".config"), "windfall", "server.key")),
    cacheFolder: resolve(env.WINDFALL_CACHE || join(under("XDG_CACHE_HOME", ".cache"), "windfall")),
    host: "127.0.0.1",
    port: DEFAULT_PORT,
    hub: env.HF_ENDPOINT || undefined,
    environment: env,
  }
}
