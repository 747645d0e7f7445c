const NEVER_TRAVEL: ReadonlySet<string> = new Set([".git", ".venv", "__pycache__", "node_modules", ".DS_Store"])

/** Files of a transfer under way, see part-folder.ts. */
const UNFINISHED = /^\.windfall-\d+(-[\da-z-]+)?\.part$/

/** Whether a name is that of something made for one machine or by it, so useless or harmful on another; not even `--include` sends these. */
export function neverTravels(name: string): boolean {
  return NEVER_TRAVEL.has(name) || UNFINISHED.test(name)
}

const CACHES: ReadonlySet<string> = new Set([
  ".cache",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".ipynb_checkpoints",
  ".tox",
  ".nox",
  ".Trash",
  ".Spotlight-V100",
  ".fseventsd",
])

/** Whether a name is that of something not worth bringing home when a job made it: caches of tools, and what never travels anyway. */
export function isOutputCache(name: string): boolean {
  return CACHES.has(name) || neverTravels(name)
}

const SECRET_NAMES: ReadonlySet<string> = new Set([
  ".env",
  ".envrc",
  ".netrc",
  ".pgpass",
  ".npmrc",
  ".pypirc",
  "credentials.json",
  ".git-credentials",
  ".ssh",
  ".gnupg",
  ".aws",
  "id_rsa",
  "id_dsa",
  "id_ecdsa",
  "id_ed25519",
  "id_ecdsa_sk",
  "id_ed25519_sk",
])
/** Keys of service accounts and programs, as clouds call the files they hand out. */
const SECRET_PREFIXED = /^(service[-_]account|client_secret).*\.json$/i
const SECRET_ENDINGS = /\.(pem|key|p12|pfx|ppk|jks|keystore)$/i
/** Templates without values, which projects share on purpose. */
const TEMPLATE = /^\.env\.(example|sample|template|dist|defaults?)$/i

/** Whether a name is that of a file (or folder) of secrets, which travels only when `--include` names it itself. */
export function isSecretName(name: string): boolean {
  if (SECRET_NAMES.has(name)) return true
  if (name.startsWith(".env.")) return !TEMPLATE.test(name)
  return SECRET_ENDINGS.test(name) || SECRET_PREFIXED.test(name)
}
