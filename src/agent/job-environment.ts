import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { HostFacts } from "../protocol/host.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { readEnvironment } from "./attempt-environment.ts"
import { buildVariables, environmentVariables, trustVariables } from "./environment-variables.ts"
import { memberVariables, ownMemberVariables } from "./member-variables.ts"
import { reopening } from "./own-file.ts"

/** More than this is refused: a shell or a tool on the way would break on it later, without words. */
export const MAX_ENVIRONMENT_BYTES = 256 * 1024

/** Where a host keeps its certificates is the host's business: these pass through from its own environment. */
const CERTIFICATE_VARIABLES = [
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "NODE_EXTRA_CA_CERTS",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "AWS_CA_BUNDLE",
]

const SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
const HOMEBREW_PATH = "/opt/homebrew/bin:/opt/homebrew/sbin"

export interface JobHost {
  readonly facts: Pick<HostFacts, "platform" | "home" | "user" | "hostname" | "timeZone">
  readonly shell: string
  /** The folder of the users' home folders. */
  readonly homes: string
  /** The folder of what jobs of all users share. */
  readonly shared: string
  /** A folder of scripts that stand before the system's stubs, or `null` where none are needed. */
  readonly stubFolder: string | null
  /** The agent's own environment, of which only certificate variables are used. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * The whole environment of a job, the same on every host, as `NAME=value` lines: nothing is inherited but the host's
 * certificate variables. What the sender named with `--env` and secrets win over everything but `WINDFALL_*`.
 * @throws {WindfallError} invalid_input for a bad name, a NUL byte or more than 256 KB in all
 */
export function jobEnvironment(
  order: AttemptOrder,
  secrets: Readonly<Record<string, string>>,
  host: JobHost,
  attempt: Pick<Attempt, "folder" | "environment" | "builder">,
): string[] {
  const { facts } = host
  const { folder } = attempt
  const environment = order.environment == null ? null : (attempt.environment ?? readEnvironment(folder))
  const given = { ...order.env, ...secrets }
  const variables: Record<string, string> = {}
  for (const name of CERTIFICATE_VARIABLES) {
    const value = host.environment[name]
    if (value !== undefined) variables[name] = value
  }
  Object.assign(variables, {
    HOME: homeOf(host, order.user),
    USER: facts.user,
    LOGNAME: facts.user,
    SHELL: host.shell,
    LANG: facts.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8",
    ...(facts.timeZone === null ? {} : { TZ: facts.timeZone }),
    TMPDIR: `${folder}/tmp`,
    PYTHONUNBUFFERED: "1",
    UV_CACHE_DIR: join(host.shared, "uv"),
    UV_PYTHON_INSTALL_DIR: join(host.shared, "python"),
    ...trustVariables(host),
    // The downloads, and not HF_HOME: there lies the token of who logged in.
    HF_HUB_CACHE: join(host.shared, "huggingface"),
    ...(order.pty === null ? {} : { TERM: order.pty.term }),
    ...memberVariables(order.member),
    ...given,
    ...environmentVariables(environment, searchPath(given.PATH, homeOf(host, order.user), host), given),
    WINDFALL_JOB: String(order.job),
    WINDFALL_JOB_NAME: order.jobName ?? "",
    WINDFALL_USER: order.user,
    WINDFALL_ATTEMPT: order.attempt,
    WINDFALL_ATTEMPT_NUMBER: String(order.number),
    ...ownMemberVariables(order.member),
    WINDFALL_CHECKPOINT: String(order.checkpoint?.from?.attempt ?? ""),
    WINDFALL_HOST: facts.hostname,
    WINDFALL_GPUS: String(order.lease.gpus),
    WINDFALL_CORES: String(order.lease.cores),
    WINDFALL_MEMORY_BYTES: String(order.lease.memoryBytes),
    WINDFALL_STOP_FILE: join(folder, "stop"),
    // The one interpreter that is surely on every host.
    WINDFALL_NODE: process.execPath,
  })
  if (attempt.builder.length > 0) Object.assign(variables, buildVariables(order, host, folder, variables.PATH ?? ""))
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  checkLines(variables, lines)
  return lines
}

/** The variables of `NAME=value` lines. */
export function environmentOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]))
}

/** A user's home folder on this host: what one leaves there (logins, settings) is no other's. */
export function homeOf({ homes }: JobHost, user: string): string {
  return join(homes, /^[A-Za-z0-9][\w.-]*$/.test(user) ? user : Buffer.from(user).toString("hex"))
}

/** Makes a user's home folder where it is missing. */
export function makeHome({ jobHost }: AgentContext, user: string): void {
  const home = homeOf(jobHost, user)
  reopening(home, () => mkdirSync(home, { recursive: true, mode: 0o700 }))
}

/** Where a job's programs are looked for. @param given what its sender says; `undefined`: as usual */
export function searchPath(given: string | undefined, home: string, host: JobHost): string {
  const homebrew = host.facts.platform === "darwin" ? `${HOMEBREW_PATH}:` : ""
  const path = given ?? `${home}/.local/bin:${host.facts.home}/.local/bin:${homebrew}/usr/local/bin:${SYSTEM_PATH}`
  if (host.stubFolder === null) return path
  // Just before /usr/bin, where the stubs are: a python3 of Homebrew or of the sender's own still comes first.
  const parts = path.split(":")
  const at = parts.indexOf("/usr/bin")
  parts.splice(at < 0 ? parts.length : at, 0, host.stubFolder)
  return parts.join(":")
}

function checkLines(variables: Readonly<Record<string, string>>, lines: readonly string[]): void {
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw new WindfallError(
      "too_large",
      `Cannot make the job's environment: it has ${bytes} bytes, 256 KB are allowed`,
      {
        hint: "Put large values into a file of the workspace",
      },
    )
  }
  for (const [name, value] of Object.entries(variables)) {
    if (!/^[^=\0]+$/.test(name) || value.includes("\0")) {
      const shown = JSON.stringify(name.slice(0, 40))
      throw new WindfallError("invalid_input", `Cannot make the job's environment: ${shown} is no valid variable`)
    }
  }
}
