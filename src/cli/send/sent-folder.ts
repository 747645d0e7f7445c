import { WindfallError } from "../../protocol/errors.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { path } from "../builtin.ts"
import type { Cli } from "../cli.ts"

export interface SentFolder {
  /** The top of what travels, absolute; `null`: nothing does. */
  readonly folder: string | null
  /** Where in it the command starts: where the person is, when that is inside what travels. */
  readonly workingFolder: string
}

/**
 * What travels, by `--folder` and `--no-folder`.
 * @throws {WindfallError} invalid_input for a whole home folder or disk that nobody named
 */
export function sentFolder(cli: Cli, { folder: typed, "no-folder": none }: JobValues): SentFolder {
  if (none === true) return { folder: null, workingFolder: "" }
  const folder = path.resolve(cli.cwd, typed ?? ".")
  if (typed === undefined && isTooMuch(cli, folder)) {
    throw new WindfallError(
      "invalid_input",
      `Cannot send ${folder}: it is ${folder === cli.settings.home ? "your whole home folder" : "the whole disk"}`,
      {
        hint: "Change into your project first. To send nothing: --no-folder. To send it all the same: --folder .",
      },
    )
  }
  const inside = path.relative(folder, cli.cwd)
  return { folder, workingFolder: inside.startsWith("..") || path.isAbsolute(inside) ? "" : inside }
}

/** Whether this is a folder that nobody means when they say nothing: all of the home, or of the disk. */
export function isTooMuch(cli: Cli, folder: string): boolean {
  return folder === path.parse(folder).root || folder === cli.settings.home
}
