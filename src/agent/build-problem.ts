import { join } from "node:path"
import { readIfThere } from "./own-file.ts"

const MAX_PROBLEM = 600

/** Why the build of an attempt's environment failed and what to type, from what it wrote into the attempt's folder. */
export function buildProblem(folder: string): string {
  return buildProblemOf(readIfThere(join(folder, "building")) ?? "")
}

/** @param text the step that failed, a line end, and the last words of what failed */
export function buildProblemOf(text: string): string {
  const end = text.indexOf("\n")
  if (end < 0) return "The build of its environment was ended by something else; the next job that needs it begins anew"
  const [step = "", code = ""] = text.slice(0, end).split(" ")
  const said = text.slice(end + 1)
  const explain = STEPS[step] ?? packagesProblem
  return `Cannot build the environment: ${explain(said, code).slice(0, MAX_PROBLEM)}`
}

const STEPS: Readonly<Record<string, (said: string, code: string) => string>> = {
  ended: (program, signal) =>
    `${program} was ended by signal ${signal}, as by hand or when the host runs out of memory. Send the job again`,
  start: (said) => said.trim() || "no process could be started",
  python: pythonProblem,
  machine: (said) =>
    `its Python is for ${said.trim()} and would run under Rosetta, without Metal. Remove it from the host, or choose another with --python`,
  lock: (said) =>
    /lockfile .*needs to be updated/.test(said)
      ? "uv.lock does not fit pyproject.toml. Type uv lock in that folder and send again"
      : /Failed to parse `uv\.lock`/.test(said)
        ? "uv.lock cannot be read. Take it from where it was whole, or remove it and type uv lock"
        : packagesProblem(said),
  setup: (line, code) => `the setup line \`${line}\` ended with ${code}`,
}

function pythonProblem(said: string): string {
  const [, wanted] = /No interpreter found for (.+?) in /.exec(said) ?? []
  if (wanted === undefined) return firstError(said)
  const offline = /dns error|error sending request|Failed to download/.test(said)
  const why = offline ? "the host has none, and none can be downloaded from there" : "there is none for this host"
  return `no ${wanted}: ${why}. Choose another with --python, or send without it to take what the host has`
}

function packagesProblem(said: string): string {
  // Before what uv was at: that is not to blame.
  if (/No space left on device|\(os error 28\)/.test(said)) return "the disk is full"
  const [, failed, name] = /Failed to (build|download|fetch|install|unzip)[^`\n]*`([^`\n]+)`/.exec(said) ?? []
  if (name !== undefined) return `the package ${name} does not ${failed}; the job's log has what it says`
  const [, missing] = /Because (\S+) was not found in the package registry/.exec(said) ?? []
  if (missing !== undefined) return `there is no package ${missing} in the registry. Is it spelled so?`
  const [, reason] = /cause: (Because [\s\S]+?)(?:\n\n|\n\s*hint:|$)/.exec(said) ?? []
  if (reason !== undefined) return `no versions fit together: ${reason.replace(/\s+/g, " ").trim()}`
  if (/dns error|error sending request|tcp connect error|invalid peer certificate/.test(said)) {
    return "the package registry cannot be reached from the host. A mirror is given with --env UV_DEFAULT_INDEX=URL, certificates with SSL_CERT_FILE in the host account's environment"
  }
  return firstError(said)
}

function firstError(said: string): string {
  const [, error] = /^error: (.+)$/m.exec(said) ?? []
  return error ?? said.trim().split("\n").at(-1) ?? "uv said nothing"
}
