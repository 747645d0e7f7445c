import type { JobSpec } from "../../protocol/job.ts"

const INDEX = "WINDFALL_ARRAY_INDEX"
const SHELL = /(?:^|\/)(?:ba|da|fi|k|z)?sh$/

/** Points out that a command of an array names its index where nobody puts it in; `undefined` where that is in order. */
export function arrayNote({ array, command }: Pick<JobSpec, "array" | "command">): string | undefined {
  const [program = ""] = command
  if (array === undefined || SHELL.test(program)) return undefined
  if (!command.some((word) => word.includes(`$${INDEX}`) || word.includes(`\${${INDEX}}`))) return undefined
  return `no shell reads this command, so $${INDEX} stays as it is written: -- sh -c '...', or read it from the environment`
}
