import type { Cli } from "../cli.ts"
import type { OptionTable, OptionValues } from "./option.ts"

/** One thing a person can type. Its file is loaded only when it is typed. */
export interface Command<Table extends OptionTable = OptionTable> {
  /** The words that call it, for instance "host add". */
  readonly name: string
  /** What follows the options in the usage line. */
  readonly operands: string
  /** A sentence or two for the top of its help. */
  readonly about: string
  readonly options: Table
  /** The first operand ends the options: what follows belongs to another command. */
  readonly operandsEnd?: boolean
  /** The right line for words that belong to another program's command of the same name. */
  readonly elsewhere?: (words: readonly string[]) => string | undefined
  /** How many operands there may be; more or fewer are refused. */
  readonly minimum: number
  readonly maximum: number
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  /** Does it and returns the exit code. */
  readonly run: (cli: Cli, options: OptionValues<Table>, operands: readonly string[]) => Promise<number>
}

/** Keeps a command's option types; the loader needs no types of its own. */
export function command<const Table extends OptionTable>(spec: Command<Table>): Command {
  return spec as unknown as Command
}
