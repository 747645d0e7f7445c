/**
 * The globs among a job's outputs may have this many characters together. Each is tried on every path there is when the job
 * ends, in the one process that looks after all jobs of its host. Plain paths cost next to nothing.
 */
export const MAX_GLOB_CHARACTERS = 16 * 1024

/** Whether a path is a glob: one that may stand for several. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path)
}

/** Why a path or glob cannot name outputs of a job, or `null` when it can. */
export function outputProblem(glob: string): string | null {
  const parts = glob.split("/").filter((part) => part !== "" && part !== ".")
  if (glob.startsWith("/") || parts.includes("..")) return "it lies outside the folder that is sent"
  return parts.length === 0 ? "it names nothing" : null
}

/** How many characters the globs among these have together. */
export function globCharacters(outputs: readonly string[]): number {
  return outputs.reduce((sum, output) => (isGlob(output) ? sum + output.length : sum), 0)
}
