import type { EnvironmentSpec } from "../../protocol/environment.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import type { Cli } from "../cli.ts"
import { printable } from "../render/table.ts"
import { say } from "../say.ts"
import type { StartPlace } from "./find-environment.ts"
import { pythonWish } from "./python-command.ts"

/** The job with the environment that its command wants of the folder; unless quiet, says in a line what was found. */
export async function withEnvironment(
  cli: Cli,
  spec: JobSpec,
  values: JobValues,
  { folder, workingFolder, quiet }: StartPlace & { readonly quiet: boolean },
): Promise<JobSpec> {
  const wish = pythonWish(spec.command)
  const asked = values.python !== undefined || values.with !== undefined || values.setup !== undefined
  if (wish === null && !asked) return spec
  const { findEnvironment } = await import("./find-environment.ts")
  const environment = findEnvironment(values, wish, { folder, workingFolder })
  if (environment !== null && environment.kind !== "uv" && !quiet)
    await say(cli, `environment: ${environmentText(environment)}`)
  return { ...spec, environment }
}

/** "uv.lock, Python >=3.10, with mlx" */
export function environmentText({ kind, files, python, with: packages, setup }: EnvironmentSpec): string {
  const [file] = files
  const parts = [
    ...(file === undefined ? [] : [file]),
    ...(kind === "uv" ? ["its own, by uv"] : []),
    ...(python === null ? [] : [`Python ${python}`]),
    ...(packages.length === 0 ? [] : [`with ${packages.join(", ")}`]),
    ...(setup.length === 0 ? [] : [setup.length === 1 ? "1 setup line" : `${setup.length} setup lines`]),
  ]
  return printable(parts.join(", "))
}
