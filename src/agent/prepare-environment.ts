import { closeSync, fstatSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { orAborted } from "../base/or-aborted.ts"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import { type EnvironmentSpec, inlineMetadata, preferredPython } from "../protocol/environment.ts"
import { WindfallError } from "../protocol/errors.ts"
import { type AgentContext, nameOf } from "./agent-context.ts"
import { askServer } from "./ask-server.ts"
import type { Attempt } from "./attempt.ts"
import { type AttemptEnvironment, readEnvironment, writeEnvironment } from "./attempt-environment.ts"
import type { Attempts } from "./disk/held-part.ts"
import { type DecidingFile, environmentKey, uvVariables } from "./environment-key.ts"
import { ENVIRONMENT_SOURCE } from "./forker-source.ts"
import { openIfThere } from "./own-file.ts"

/** All that decides is read at once. The largest lock files have a few MB. */
const MOST_FILE_BYTES = 32 * 1024 * 1024

/**
 * Makes ready what an attempt's environment takes: uv on the host, the files that decide in a folder of their own. Where the
 * environment is built already, that is all; else the attempt's command gets its build in front of it. Nothing is built here.
 * @throws {WindfallError} with `details.cause` environment_failed
 */
export async function prepareEnvironment(
  context: AgentContext,
  attempt: Attempt,
  order: AttemptOrder,
  signal: AbortSignal,
): Promise<void> {
  const spec = order.environment
  if (spec == null) return
  const { environments } = context
  if (!environments.hasUv()) await fetchUv(context, attempt, signal)
  if (!environments.hasUv()) throw failure("uv did not come to be on the host")
  signal.throwIfAborted()
  if (spec.kind === "uv") {
    attempt.environment = { uv: environments.uv, place: null, sources: null }
    writeEnvironment(attempt.folder, attempt.environment)
    return
  }
  const files = spec.files.map((path) => decidingFile(spec, join(attempt.folder, "work"), path))
  const key = environmentKey(spec, files, environments.system, uvVariables(order.env))
  attempt.environment = {
    uv: environments.uv,
    place: environments.placeOf(key),
    sources: sourceFolders(spec, files, join(attempt.folder, "work")),
  }
  writeEnvironment(attempt.folder, attempt.environment)
  if (environments.use(key, context.clock.now())) return
  await orAborted(context.disk.look(), signal)
  for (const { path, content } of files) {
    const file = join(attempt.folder, "project", path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, content, { mode: 0o600 })
  }
  mkdirSync(join(attempt.folder, "project"), { recursive: true, mode: 0o700 })
  // Until this goes the command has not begun, so it tells the supervisor what an end before that is.
  writeFileSync(join(attempt.folder, "building"), "", { mode: 0o600 })
  attempt.builder = builderOf(context, attempt.folder, attempt.environment, spec)
}

/** Whether an attempt came to nothing for its environment. */
export function isOfEnvironment(error: WindfallError): boolean {
  return error.details?.cause === "environment_failed"
}

async function fetchUv(context: AgentContext, attempt: Attempt, signal: AbortSignal): Promise<void> {
  try {
    await askServer(context, attempt, { type: "need_uv", ...nameOf(attempt) }, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw failure((error as Error).message, error)
  }
}

/** The program that builds, up to the command that it becomes. */
function builderOf(
  context: AgentContext,
  folder: string,
  { uv, place }: AttemptEnvironment,
  spec: EnvironmentSpec,
): readonly string[] {
  const [file = ""] = spec.files
  const at = file.lastIndexOf("/") + 1
  const machine = context.jobHost.facts.platform === "darwin" ? "arm64" : ""
  return [
    "/usr/bin/perl",
    "-e",
    ENVIRONMENT_SOURCE,
    ...[place ?? "", folder, join(folder, "project", file.slice(0, at)), uv],
    ...[spec.kind, file.slice(at), spec.python ?? "", preferredPython(spec.python), machine],
    ...[`${spec.with.length}`, ...spec.with, `${spec.setup.length}`, ...spec.setup],
  ]
}

function decidingFile(spec: EnvironmentSpec, work: string, path: string): DecidingFile {
  const content = readTravelled(work, path)
  if (spec.kind !== "script") return { path, content }
  // Only its metadata decides: what else is edited there changes no environment.
  const metadata = inlineMetadata(content.toString())
  if (metadata === null) throw failure(`${path} has no metadata in its comments any more`)
  return { path, content: Buffer.from(`${metadata}\n`) }
}

/** A link may have travelled in a file's place, and lead to a pipe or a device, which has no end. */
function readTravelled(work: string, path: string): Buffer {
  const file = openIfThere(join(work, path))
  if (file === null) {
    throw failure(`${path} did not travel, or is no file. Is it ignored? Then send it with --include ${path}`)
  }
  try {
    if (!realpathSync(join(work, path)).startsWith(`${realpathSync(work)}/`)) {
      throw failure(`${path} is a link that leads out of the job's folder`)
    }
    const { size } = fstatSync(file)
    if (size <= MOST_FILE_BYTES) return readFileSync(file)
    throw failure(`${path} has ${size} bytes, and ${MOST_FILE_BYTES} are the most`)
  } finally {
    closeSync(file)
  }
}

/**
 * Where a project's own packages lie, and those it takes from folders, as PYTHONPATH has them; `null` where there are none. They are
 * not installed, as an environment is shared and the workspace is the job's own.
 */
function sourceFolders({ kind }: EnvironmentSpec, files: readonly DecidingFile[], work: string): string | null {
  if (kind !== "uv.lock" && kind !== "pyproject.toml") return null
  const packages = files.filter(
    ({ path, content }) => basename(path) === "pyproject.toml" && /^\s*\[\s*build-system\s*\]/m.test(String(content)),
  )
  const folders = packages.map(({ path }) => {
    const folder = join(work, dirname(path))
    const isBelow = statSync(join(folder, "src"), { throwIfNoEntry: false })?.isDirectory() === true
    return isBelow ? join(folder, "src") : folder
  })
  return folders.length === 0 ? null : folders.join(":")
}

/** Environments that attempts have whose folders are here. */
export function keysInUse({ attempts }: { readonly attempts: Attempts }): Set<string> {
  const keys = new Set<string>()
  for (const attempt of attempts.values()) {
    const place = (attempt.environment ?? readEnvironment(attempt.folder))?.place
    if (place != null) keys.add(place.slice(place.lastIndexOf("/") + 1))
  }
  return keys
}

function failure(reason: string, cause?: unknown): WindfallError {
  return new WindfallError("internal", `Cannot make the job's environment: ${reason}`, {
    details: { cause: "environment_failed" },
    cause,
  })
}
