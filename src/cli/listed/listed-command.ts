import type { Command } from "../command-line/command.ts"

/** A command as the list has it: loaded when it is typed. */
export interface ListedCommand {
  readonly summary: string
  /** Typed by programs, not by people: not in the overview. */
  readonly hidden?: boolean
  /** Other words for it. */
  readonly also?: readonly string[]
  readonly load: () => Promise<Command>
}

export type Group = Readonly<Record<string, ListedCommand>>
