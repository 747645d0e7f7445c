import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import type { AttemptEnvironment } from "./attempt-environment.ts"
import type { JobHost } from "./job-environment.ts"

/** How a build gets to the network is the host's business: these pass through from its own environment, and not to jobs. */
const PROXY_VARIABLES = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]

/** What a job in an environment finds besides what all jobs find: its Python comes first, then Windfall's uv. */
export function environmentVariables(
  environment: AttemptEnvironment | null,
  searchPath: string,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  if (environment === null) return { PATH: searchPath }
  const { place, uv, sources } = environment
  const path = `${dirname(uv)}:${searchPath}`
  if (place === null) return { PATH: path }
  const venv = join(place, "venv")
  return {
    PATH: `${venv}/bin:${path}`,
    VIRTUAL_ENV: venv,
    ...(sources === null ? {} : { PYTHONPATH: [sources, given.PYTHONPATH].filter(Boolean).join(":") }),
  }
}

/** Variables for the build alone; they begin so that it can tell them apart and take them from the job. */
export function buildVariables(
  order: AttemptOrder,
  host: JobHost,
  folder: string,
  searchPath: string,
): Record<string, string> {
  const kind = order.environment?.kind
  const build: Record<string, string> = {
    UV_NO_PROGRESS: "1",
    // What is built is made read-only, so that modules compile now or at each start.
    UV_COMPILE_BYTECODE: "1",
    // APFS shares blocks and copies when one is written to; elsewhere two names of one file are what all file systems have.
    UV_LINK_MODE: host.facts.platform === "darwin" ? "clone" : "hardlink",
    UV_CACHE_DIR: join(host.shared, "uv"),
    UV_PYTHON_INSTALL_DIR: join(host.shared, "python"),
    // The account's own configuration is not looked for; a project's in its pyproject.toml counts.
    XDG_CONFIG_HOME: join(folder, "project/.none"),
    XDG_CONFIG_DIRS: join(folder, "project/.none"),
    // uv tries each Python that it finds: the stub there would open a dialog on the owner's screen.
    ...(host.stubFolder === null ? {} : { PATH: withoutStubs(searchPath) }),
    ...(kind === "uv.lock" || kind === "pyproject.toml" ? {} : { UV_NO_CONFIG: "1" }),
  }
  for (const name of PROXY_VARIABLES) {
    const value = host.environment[name]
    if (value !== undefined) build[name] = value
  }
  return Object.fromEntries(Object.entries(build).map(([name, value]) => [`WINDFALL_BUILD_${name}`, value]))
}

function withoutStubs(searchPath: string): string {
  return searchPath
    .split(":")
    .filter((folder) => folder !== "/usr/bin")
    .join(":")
}

/**
 * Lets uv, Windfall's in a build or a job's own, trust whom the host trusts and not only whom uv knows: a lab may have an
 * authority of its own. A small Linux may have no list of authorities at all: then uv's own is used.
 */
export function trustVariables({ facts }: Pick<JobHost, "facts">): Record<string, string> {
  const isListed = facts.platform === "darwin" || SYSTEM_AUTHORITIES.some((file) => existsSync(file))
  return isListed ? { UV_SYSTEM_CERTS: "1" } : {}
}

const SYSTEM_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
]
