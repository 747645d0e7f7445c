import type { Cli } from "./cli.ts"

/** One line of Windfall's own on standard error, told apart from the job's. */
export function say(cli: Cli, text: string): Promise<void> {
  return cli.stderr.write(`windfall: ${text}\n`)
}

/** One JSON object on a line of standard output: what `--json` prints. */
export function printJson(cli: Cli, value: unknown): Promise<void> {
  return cli.stdout.write(`${JSON.stringify(value)}\n`)
}
