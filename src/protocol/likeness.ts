import type { JobSpec } from "./job.ts"

/**
 * What makes two jobs the same thing sent again, as text to compare: the same sender, and the same name; without a name the same
 * command, run from the same folder. What is in the folder does not count, as that changes from run to run.
 */
export function likenessOf(user: string, spec: JobSpec): string {
  const { name, kind, command, workingFolder, project = null } = spec
  return JSON.stringify(name === null ? [user, kind, null, command, workingFolder, project] : [user, kind, name])
}
